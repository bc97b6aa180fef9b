"""ISIC 2016 from a server, from zips and from folders; the counts are the published ones."""

import io
import json
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from isicbench.data import download
from isicbench.data.catalog import open_dataset
from isicbench.data.challenge_files import import_challenge
from isicbench.data.challenges import CHALLENGES, Challenge
from isicbench.data.dataset import Dataset
from isicbench.data.layout import FOLDERS, TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.errors import DataError

ARCHIVES = tuple(f"{folder}.zip" for folder in FOLDERS)


def smaller(challenge: Challenge, *counts: int) -> Challenge:
    """The same folders with fewer pairs, so that a test takes no longer than it must."""
    parts = zip(challenge.splits.items(), counts, strict=True)
    return replace(challenge, splits={name: replace(split, count=count) for (name, split), count in parts})


def import_dataset(source: Path | list[Path]) -> Dataset:
    return import_challenge(CHALLENGES["isic2016"], source)


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("L" if kind == "PNG" else "RGB", (8, 6)).save(buffer, kind)
    return buffer.getvalue()


def write_zips(folder: Path, *, train: int, test: int) -> Path:
    """The challenge's four archives with that many tiny pairs, each file within its archive's folder."""
    jpeg, png = picture("JPEG"), picture("PNG")
    splits = ((TRAIN_IMAGES, TRAIN_MASKS, range(train)), (TEST_IMAGES, TEST_MASKS, range(train, train + test)))
    for images, masks, numbers in splits:
        with (
            zipfile.ZipFile(folder / f"{images}.zip", "w") as image_zip,
            zipfile.ZipFile(folder / f"{masks}.zip", "w") as mask_zip,
        ):
            for number in numbers:
                image_zip.writestr(f"{images}/ISIC_{number:07d}.jpg", jpeg)
                mask_zip.writestr(f"{masks}/ISIC_{number:07d}_Segmentation.png", png)
    return folder


@pytest.fixture
def zips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A challenge of 9 and 4 pairs."""
    monkeypatch.setitem(CHALLENGES, "isic2016", smaller(CHALLENGES["isic2016"], 9, 4))
    folder = tmp_path / "zips"
    folder.mkdir()
    return write_zips(folder, train=9, test=4)


@dataclass
class Server:
    """Serves a folder; `faults` maps a file's name to what to do at its next requests."""

    folder: Path
    url: str = ""
    faults: dict[str, list[str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def server(zips: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server(folder=zips)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rsplit("/", 1)[-1]
            state.requests.append(name)
            faults = state.faults.get(name, [])
            answer(self, (state.folder / name).read_bytes(), faults.pop(0) if faults else "")

        def log_message(self, *_: object) -> None:
            return

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_port}/2016"
    monkeypatch.setenv("ISICBENCH_ISIC2016_URL", state.url + "/")
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def answer(handler: BaseHTTPRequestHandler, content: bytes, fault: str) -> None:
    if fault in ("404", "503"):
        handler.send_error(int(fault))
        return
    if fault == "page":
        content = b"<html>Please log in to this network.</html>"
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2] if fault == "cut" else content)


@pytest.fixture(autouse=True)
def no_waiting_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WAITS_SECONDS", (0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def folders_in(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []


def test_download_gives_the_whole_challenge_with_progress_and_once(server: Server, own_home: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    dataset = open_dataset("isic2016", progress=lambda *call: calls.append(call))
    assert (len(dataset.train), len(dataset.test)) == dataset.expected_counts == (9, 4)
    assert dataset.train[0].image.read_bytes() == picture("JPEG")
    size = (server.folder / ARCHIVES[0]).stat().st_size
    assert (f"download {ARCHIVES[0]}", size, size) in calls
    assert server.requests == list(ARCHIVES)
    assert open_dataset("isic2016") == dataset
    assert len(server.requests) == 4
    # The archives are dropped once unpacked; what they were is kept.
    assert folders_in(own_home / "downloads" / "isic2016") == ["downloads.json"]


@pytest.mark.parametrize("fault", ["cut", "503"])
def test_broken_download_is_tried_again(server: Server, fault: str) -> None:
    server.faults[ARCHIVES[1]] = [fault, fault]
    assert len(open_dataset("isic2016").train) == 9
    assert server.requests.count(ARCHIVES[1]) == 3


@pytest.mark.parametrize(
    ("fault", "reason", "attempts"),
    [
        ("404", "the server answered 404", 1),
        ("503", "the server answered 503", 3),
        ("cut", "broke off before the end", 3),
    ],
)
def test_failed_download_is_one_error_that_says_what_to_do(
    server: Server, own_home: Path, fault: str, reason: str, attempts: int
) -> None:
    server.faults[ARCHIVES[2]] = [fault] * 5
    with pytest.raises(DataError) as caught:
        open_dataset("isic2016")
    assert f"{server.url}/{ARCHIVES[2]} could not be downloaded: " in caught.value.message
    assert reason in caught.value.message
    assert "\n" not in caught.value.message
    assert server.requests.count(ARCHIVES[2]) == attempts
    for advice in (*ARCHIVES, "isicbench data import FOLDER", "--dataset synthetic"):
        assert advice in caught.value.hint
    assert not (own_home / "datasets" / "isic2016").exists()


def test_after_a_failure_only_what_is_missing_is_downloaded(server: Server) -> None:
    server.faults[ARCHIVES[2]] = ["404"]
    with pytest.raises(DataError):
        open_dataset("isic2016")
    open_dataset("isic2016")
    assert server.requests == [*ARCHIVES[:3], *ARCHIVES[2:]]


def test_offline_machine_is_told_of_manual_download_and_synthetic(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ISICBENCH_ISIC2016_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(DataError, match="refused the connection") as caught:
            open_dataset("isic2016")
    assert "isicbench data import FOLDER" in caught.value.hint
    assert "--dataset synthetic" in caught.value.hint


def test_unknown_host_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISICBENCH_ISIC2016_URL", "http://no-such-host.invalid")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DataError, match="is this machine offline"):
        open_dataset("isic2016")


def test_address_that_is_no_web_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISICBENCH_ISIC2016_URL", "/mnt/isic")
    with pytest.raises(DataError, match="not a web address"):
        open_dataset("isic2016")


def test_login_page_in_place_of_an_archive_is_not_kept(server: Server) -> None:
    server.faults[ARCHIVES[0]] = ["page"]
    with pytest.raises(DataError, match="not a sound zip archive"):
        open_dataset("isic2016")
    assert len(open_dataset("isic2016").train) == 9


def test_archive_that_differs_from_the_first_download_is_refused(server: Server, own_home: Path) -> None:
    open_dataset("isic2016")
    shutil.rmtree(own_home / "datasets")
    records = own_home / "downloads" / "isic2016" / "downloads.json"
    content = json.loads(records.read_text())
    content[f"{server.url}/{ARCHIVES[3]}"]["sha256"] = "0" * 64
    records.write_text(json.dumps(content))
    with pytest.raises(DataError, match="not the same as at the first download"):
        open_dataset("isic2016")


def unpacked(zips: Path, target: Path) -> Path:
    for archive in zips.glob("*.zip"):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(target)
    return target


def test_import_takes_a_folder_of_zips_zips_folders_and_nested_folders(
    zips: Path, tmp_path: Path, own_home: Path
) -> None:
    folder = unpacked(zips, tmp_path / "mine" / "isic" / "2016")
    for source in (zips, [zips / name for name in ARCHIVES], folder, tmp_path / "mine", [folder / f for f in FOLDERS]):
        dataset = import_dataset(source)
        assert (len(dataset.train), len(dataset.test)) == (9, 4)
        assert open_dataset("isic2016") == dataset
        assert folders_in(own_home / "datasets") == ["isic2016"]
        assert folders_in(dataset.root) == sorted(FOLDERS)
        shutil.rmtree(dataset.root)


def test_import_takes_zips_whose_files_lie_at_the_top(zips: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for name in FOLDERS:
        with zipfile.ZipFile(zips / f"{name}.zip") as source, zipfile.ZipFile(flat / f"{name}.zip", "w") as target:
            for info in source.infolist():
                target.writestr(info.filename.split("/")[-1], source.read(info))
    assert len(import_dataset(flat).test) == 4


def test_import_never_overwrites(zips: Path) -> None:
    import_dataset(zips)
    with pytest.raises(DataError, match="there already"):
        import_dataset(zips)


def test_import_of_other_counts_names_both_and_leaves_nothing(root: Path, own_home: Path) -> None:
    with pytest.raises(DataError, match=r"4 train and 2 test pairs; ISIC 2016 has 900 and 379") as caught:
        import_dataset(root)
    assert str(root) in caught.value.message
    assert "--dataset folder" in caught.value.hint
    assert folders_in(own_home / "datasets") == []


def test_import_without_one_archive_names_it(zips: Path) -> None:
    (zips / ARCHIVES[3]).unlink()
    with pytest.raises(DataError, match=f"not found: {TEST_MASKS}"):
        import_dataset(zips)


def test_import_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        import_dataset(tmp_path / "nowhere")


def test_own_folder_is_used_without_download(zips: Path, tmp_path: Path, own_home: Path) -> None:
    whole = unpacked(zips, tmp_path / "whole")
    assert open_dataset("isic2016", data_dir=whole).root == whole
    assert not (own_home / "downloads").exists()


def test_own_folder_of_other_counts_is_refused(root: Path) -> None:
    with pytest.raises(DataError, match="4 train and 2 test pairs; ISIC 2016 has 900 and 379") as caught:
        open_dataset("isic2016", data_dir=root)
    assert "--dataset folder" in caught.value.hint


def test_published_counts_are_accepted(tmp_path: Path) -> None:
    folder = unpacked(write_zips(tmp_path, train=900, test=379), tmp_path / "whole")
    assert open_dataset("isic2016", data_dir=folder).expected_counts == (900, 379)


@pytest.mark.parametrize("name", ["isic2016", "folder"])
def test_missing_folder_file_and_incomplete_folder_are_named(root: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="no such folder"):
        open_dataset(name, data_dir=tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="is a file, not a folder"):
        open_dataset(name, data_dir=tmp_path / "file")
    shutil.rmtree(root / TRAIN_MASKS)
    with pytest.raises(DataError, match=f"has no folder {TRAIN_MASKS}"):
        open_dataset(name, data_dir=root)


def test_folder_without_images_is_named(root: Path) -> None:
    for folder in (TEST_IMAGES, TEST_MASKS):
        shutil.rmtree(root / folder)
        (root / folder).mkdir()
    with pytest.raises(DataError, match=f"{TEST_IMAGES} holds no images"):
        open_dataset("folder", data_dir=root)


def test_unknown_name_lists_the_datasets() -> None:
    with pytest.raises(DataError, match="no dataset is named isic2020") as caught:
        open_dataset("isic2020")
    assert "isic2016, isic2017, isic2018, ph2, ham10000, synthetic, folder" in caught.value.hint
    with pytest.raises(DataError, match="needs a folder"):
        open_dataset("folder")
