"""What others have published on ISIC 2016: rows to read beside one's own, and never a part of any statistics."""

from dataclasses import dataclass

from isicbench.report.data_table import Column, DataTable

TITLE = "Published elsewhere"
CAPTION = (
    "As their sources state them, under protocols of their own: other images, sizes, epochs and ways to average. They "
    "stand beside the results above and are compared with nothing."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    source: str
    network: str
    protocol: str
    iou: float | None
    dice: float | None


_STUDY = "the study that isicbench repeats"
_VISION = "github.com/mitesh-kr/ISIC-Vision--Image-Segmentation-with-MobileNet-Encoder"
_FIVE_UPS = "GitHub: Predicting Segmentation Masks for ISIC 2016 Dataset using MobileNet Encoder"
_REVIEW = "PMC9849244, table 2"
_MAXIMUM = "128 px, 20 epochs, AdamW; the maximum over epochs, chosen by the score itself"
_TOGETHER = "ISIC 2016 and PH2 test images together"

PUBLISHED = (
    Published(source=_STUDY, network="MobileNetV2, conv, frozen", protocol="128 px, 1 epoch", iou=0.2862, dice=0.4105),
    Published(
        source=_STUDY, network="MobileNetV2, conv, fine-tuned", protocol="128 px, 10 epochs", iou=0.5715, dice=0.7118
    ),
    Published(
        source=_VISION,
        network="MobileNetV2, U-Net-like, frozen",
        protocol="128 px, 50 epochs, batch 45, BCE",
        iou=0.6454,
        dice=0.7641,
    ),
    Published(
        source=_VISION,
        network="MobileNetV2, U-Net-like, fine-tuned",
        protocol="128 px, 50 epochs, batch 45, BCE",
        iou=0.7239,
        dice=0.8295,
    ),
    Published(
        source=_FIVE_UPS,
        network="MobileNetV2, 5 transposed convolutions, frozen",
        protocol=_MAXIMUM,
        iou=0.5585,
        dice=0.7167,
    ),
    Published(
        source=_FIVE_UPS,
        network="MobileNetV2, 5 transposed convolutions, fine-tuned",
        protocol=_MAXIMUM,
        iou=0.7165,
        dice=0.8348,
    ),
    Published(
        source="github.com/an-eve/ISIC-2016-lesion-segmentation-challenge",
        network="small U-Net from scratch",
        protocol="test images",
        iou=0.805,
        dice=0.885,
    ),
    Published(
        source="github.com/gangchen53/unet_pytorch", network="U-Net", protocol="379 test images", iou=0.73, dice=None
    ),
    Published(source=_REVIEW, network="FCN", protocol=_TOGETHER, iou=0.811, dice=0.889),
    Published(source=_REVIEW, network="U-Net++", protocol=_TOGETHER, iou=0.844, dice=0.910),
    Published(source=_REVIEW, network="TransUNet", protocol=_TOGETHER, iou=0.853, dice=0.917),
    Published(source=_REVIEW, network="SL-HarDNet", protocol=_TOGETHER, iou=0.871, dice=0.927),
)


def published_table() -> DataTable:
    return DataTable(
        name="published",
        title=TITLE,
        columns=(
            Column(key="network", heading="Network", is_text=True),
            Column(key="iou", heading="IoU", decimals=4, is_score=True),
            Column(key="dice", heading="Dice", decimals=4, is_score=True),
            Column(key="protocol", heading="Protocol", is_text=True),
            Column(key="source", heading="Source", is_text=True),
        ),
        rows=tuple((row.network, row.iou, row.dice, row.protocol, row.source) for row in PUBLISHED),
        caption=CAPTION,
    )
