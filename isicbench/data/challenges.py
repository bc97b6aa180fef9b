"""The challenges of the International Skin Imaging Collaboration that have masks: their archives, counts and terms."""

from collections.abc import Mapping
from dataclasses import dataclass

from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS

SERVER = "https://isic-challenge-data.s3.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFolders:
    """Two folders, each of which comes as a zip of its name, and how many pairs they hold."""

    images: str
    masks: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    name: str
    title: str
    base_url: str
    splits: Mapping[str, SplitFolders]
    """`train`, `validation` where there is one, and `test`."""
    citation: str
    licence: str = "CC0-1.0"

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(name for split in self.splits.values() for name in (split.images, split.masks))

    @property
    def counts(self) -> tuple[int, ...]:
        """Pairs of each split."""
        return tuple(split.count for split in self.splits.values())


ISIC2016 = Challenge(
    name="isic2016",
    title="ISIC 2016",
    base_url=f"{SERVER}/2016",
    splits={
        "train": SplitFolders(images=TRAIN_IMAGES, masks=TRAIN_MASKS, count=900),
        "test": SplitFolders(images=TEST_IMAGES, masks=TEST_MASKS, count=379),
    },
    citation=(
        "Gutman D, Codella NCF, Celebi E, Helba B, Marchetti M, Mishra N, Halpern A. Skin Lesion Analysis toward "
        "Melanoma Detection: A Challenge at the International Symposium on Biomedical Imaging (ISBI) 2016, hosted by "
        "the International Skin Imaging Collaboration (ISIC). arXiv:1605.01397 (2016)."
    ),
)
ISIC2017 = Challenge(
    name="isic2017",
    title="ISIC 2017",
    base_url=f"{SERVER}/2017",
    splits={
        "train": SplitFolders(
            images="ISIC-2017_Training_Data", masks="ISIC-2017_Training_Part1_GroundTruth", count=2000
        ),
        "validation": SplitFolders(
            images="ISIC-2017_Validation_Data", masks="ISIC-2017_Validation_Part1_GroundTruth", count=150
        ),
        "test": SplitFolders(images="ISIC-2017_Test_v2_Data", masks="ISIC-2017_Test_v2_Part1_GroundTruth", count=600),
    },
    citation=(
        "Codella N, Gutman D, Celebi ME, Helba B, Marchetti MA, Dusza S, Kalloo A, Liopyris K, Mishra N, Kittler H, "
        "Halpern A. Skin Lesion Analysis Toward Melanoma Detection: A Challenge at the 2017 International Symposium on "
        "Biomedical Imaging (ISBI), Hosted by the International Skin Imaging Collaboration (ISIC). arXiv:1710.05006 "
        "(2017)."
    ),
)
ISIC2018 = Challenge(
    name="isic2018",
    title="ISIC 2018 task 1",
    base_url=f"{SERVER}/2018",
    splits={
        "train": SplitFolders(
            images="ISIC2018_Task1-2_Training_Input", masks="ISIC2018_Task1_Training_GroundTruth", count=2594
        ),
        "validation": SplitFolders(
            images="ISIC2018_Task1-2_Validation_Input", masks="ISIC2018_Task1_Validation_GroundTruth", count=100
        ),
        "test": SplitFolders(images="ISIC2018_Task1-2_Test_Input", masks="ISIC2018_Task1_Test_GroundTruth", count=1000),
    },
    citation=(
        "Codella N, Rotemberg V, Tschandl P, Celebi ME, Dusza S, Gutman D, Helba B, Kalloo A, Liopyris K, Marchetti M, "
        "Kittler H, Halpern A. Skin Lesion Analysis Toward Melanoma Detection 2018: A Challenge Hosted by the "
        "International Skin Imaging Collaboration (ISIC). arXiv:1902.03368 (2019). Tschandl P, Rosendahl C, Kittler H. "
        "The HAM10000 dataset, a large collection of multi-source dermatoscopic images of common pigmented skin "
        "lesions. Sci Data 5, 180161 (2018). doi:10.1038/sdata.2018.161."
    ),
)
CHALLENGES = {challenge.name: challenge for challenge in (ISIC2016, ISIC2017, ISIC2018)}
