"""Studies in a Slurm array: what the executors' common tests do not ask."""

import re
import shlex
import shutil
import signal
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from isicbench.compute.devices import Gpu, read_gpus
from isicbench.compute.processes import host_name
from isicbench.errors import ClusterError, ConfigError, DeviceError, StoreError
from isicbench.records import RunStatus
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.slurm_array import SlurmArray
from isicbench.scheduling.slurm_cluster import plan_slurm
from isicbench.scheduling.slurm_element import Allocation
from isicbench.scheduling.slurm_job import STUDY, SlurmJob, SlurmWishes
from isicbench.scheduling.slurm_slots import ElementId, allocated_slots
from isicbench.store.store import open_store
from tests.commands import isicbench, start_isicbench
from tests.postgres_server import PASSWORD
from tests.scheduling.run_scores import scores
from tests.scheduling.test_studies import opened_runs, overlapping
from tests.slurm_server import CORES, URGENT
from tests.store.store_records import request, start
from tests.waiting import wait_until

PATIENCE_SECONDS = 900
SEEDS = [word for seed in range(12) for word in ("--seed", str(seed))]
"""With both experiments: 24 runs."""
ONE_WORKER = ("--executor", "slurm", "--devices", "cpu", "--slurm-workers", 1)
JOB = SlurmJob(
    partition="gpu",
    device="cuda",
    gpus="a100:2",
    slots_each=4,
    jobs_per_device=2,
    cores_per_run=3,
    time="4:00:00",
    options=("account=my lab", "exclusive"),
)


def at_work(command: subprocess.Popen, *, epoch: int = 1):
    found = wait_until(
        lambda: (
            next((run for run in opened_runs() if run.epoch >= epoch and run.step), None) or command.poll() is not None
        ),
        seconds=PATIENCE_SECONDS,
    )
    assert found is not True, "the command ended"
    return found


def finished(command: subprocess.Popen, log: Path) -> str:
    assert command.wait(timeout=PATIENCE_SECONDS) == 0, log.read_text()
    return log.read_text()


def element_of(run) -> str:
    """As Slurm's commands call it: `12_3`."""
    return re.match(r"slurm:(\d+_\d+)/", run.owner.slot)[1]


def all_runs():
    return open_store("results.db", create=False).runs()


def test_study_in_a_folder_of_an_odd_name_completes_and_its_logs_are_named(quick, slurm, tmp_path, monkeypatch):
    folder = tmp_path / "100% of 'my' lab"
    folder.mkdir()
    monkeypatch.chdir(folder)
    done = isicbench("run", *quick, "--frozen", "--epochs", 1, *ONE_WORKER, COLUMNS="400")
    assert done.returncode == 0, done.stderr
    [run] = all_runs()
    assert run.status is RunStatus.COMPLETED
    job, _ = element_of(run).split("_")
    assert f"Slurm job {job}: 1 worker; logs: {folder}/runs/logs/slurm-{job}_*.log" in done.stderr
    assert (folder / f"runs/logs/slurm-{job}_0.log").is_file()
    assert Path(run.log_path).is_file()


@pytest.mark.cluster
def test_study_survives_a_killed_element_and_scores_as_on_one_machine(quick, slurm, tmp_path):
    options = ("run", *quick, "--epochs", 2, *SEEDS, "--checkpoint-minutes", 0)
    log = tmp_path / "run.log"
    command = start_isicbench(*options, "--executor", "slurm", "--devices", "cpu:2", log=log)
    wait_until(lambda: len({element_of(run) for run in opened_runs()}) == 2, seconds=PATIENCE_SECONDS)
    victim = at_work(command)
    psutil.Process(victim.owner.pid).parent().kill()  # the element, and by Slurm whatever it has started
    finished(command, log)
    runs = all_runs()
    completed = Counter((run.config.frozen, run.seed) for run in runs if run.status is RunStatus.COMPLETED)
    print(Counter(run.status.value for run in runs), Counter(element_of(run) for run in runs))
    print(max(run.finished_at for run in runs) - min(run.started_at for run in runs))
    assert len(completed) == 24
    assert set(completed.values()) == {1}
    assert overlapping(runs) == []
    assert {run.failure.kind for run in runs if run.status is not RunStatus.COMPLETED} <= {"lost"}
    local = isicbench(*options, "--devices", "cpu:2", "--db", "local.db")
    assert local.returncode == 0, local.stderr
    assert scores("results.db") == scores("local.db")


@pytest.mark.cluster
def test_pre_empted_element_saves_and_goes_on_in_the_same_row_when_it_has_a_place_again(quick, slurm, tmp_path):
    log = tmp_path / "run.log"
    command = start_isicbench("run", *quick, "--frozen", "--epochs", 10, *ONE_WORKER, log=log)
    taken = at_work(command, epoch=3)
    urgent = ("--parsable", f"--partition={URGENT}", f"--ntasks={CORES}", "--output=/dev/null", "--wrap=sleep 1")
    urgent_job = slurm.ask("sbatch", *urgent).strip()
    element = element_of(taken)
    wait_until(
        lambda: "PENDING" in slurm.ask("squeue", "--noheader", f"--jobs={element}", "--format=%T"),
        seconds=PATIENCE_SECONDS,
    )
    kept = open_store("results.db", create=False).epochs([taken.id])[taken.id]
    wait_until(
        lambda: "COMPLETED" in slurm.ask("squeue", "--noheader", "--states=all", f"--jobs={urgent_job}", "-o%T"),
        seconds=PATIENCE_SECONDS,
    )
    slurm.ask("scontrol", "update", f"JobId={element}", "StartTime=now")  # Slurm would wait two minutes
    finished(command, log)
    [run] = all_runs()
    assert (run.status, element_of(run)) == (RunStatus.COMPLETED, element)
    assert len(kept) >= 2
    assert open_store("results.db", create=False).epochs([run.id])[run.id][: len(kept)] == kept


@pytest.mark.cluster
def test_array_that_somebody_cancels_is_told_of_and_its_runs_can_be_resumed(quick, slurm, tmp_path):
    log = tmp_path / "run.log"
    command = start_isicbench("run", *quick, "--frozen", "--epochs", 10, *ONE_WORKER, log=log)
    job, _ = element_of(at_work(command)).split("_")
    slurm.ask("scancel", job)
    assert command.wait(timeout=PATIENCE_SECONDS) == 9
    assert f"Slurm's job {job} was cancelled, with 1 run left" in log.read_text()
    assert [run.status for run in all_runs()] == [RunStatus.INTERRUPTED]
    resumed = isicbench("resume", "--all", *ONE_WORKER)
    assert resumed.returncode == 0, resumed.stderr
    assert [run.status for run in all_runs()] == [RunStatus.COMPLETED]


@pytest.mark.cluster
def test_array_goes_on_without_the_command_that_submitted_it(quick, slurm, tmp_path):
    command = start_isicbench("run", *quick, "--frozen", "--epochs", 6, *ONE_WORKER, log=tmp_path / "run.log")
    at_work(command)
    command.send_signal(signal.SIGKILL)
    wait_until(lambda: [run.status for run in all_runs()] == [RunStatus.COMPLETED], seconds=PATIENCE_SECONDS)


@pytest.mark.cluster
def test_password_of_a_server_is_neither_in_the_script_nor_in_arguments_nor_in_logs(quick, slurm, postgres, tmp_path):
    with postgres.database() as name:
        log = tmp_path / "run.log"
        options = ("--frozen", "--epochs", 6, *ONE_WORKER)
        command = start_isicbench("run", *quick, *options, log=log, ISICBENCH_DB=postgres.url(name))
        store = wait_until(lambda: opened(postgres.url(name)))
        taken = wait_until(lambda: next(iter(store.running_runs()), None), seconds=PATIENCE_SECONDS)
        job, _ = element_of(taken).split("_")
        shown = slurm.ask("scontrol", "write", "batch_script", job, "-") + slurm.ask("scontrol", "-dd", "show", "job")
        arguments = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
        printed = finished(command, log)
        store.close()
    assert "isicbench.scheduling.slurm_element" in shown
    assert any("isicbench.scheduling.slurm_element" in words for words in arguments)
    texts = [path.read_text(errors="replace") for path in Path("runs").rglob("*.log")]
    assert len(texts) >= 2
    assert [text for text in (shown, printed, *arguments, *texts) if PASSWORD in text] == []


def opened(url: str):
    try:
        return open_store(url, create=False)
    except StoreError:
        return None


@pytest.mark.cluster
def test_job_that_slurm_does_not_take_is_told_of_with_a_code_of_its_own(quick, slurm):
    done = isicbench("run", *quick, "--frozen", *ONE_WORKER, "--slurm-option", "nodelist=nowhere")
    assert done.returncode == 9
    assert "Slurm does not take the job" in done.stderr
    assert [run.status for run in all_runs()] == [RunStatus.QUEUED]


@pytest.mark.parametrize(
    ("wishes", "devices", "error", "words"),
    [
        (SlurmWishes(partition="mian"), "cpu", ConfigError, "Did you mean main?"),
        (SlurmWishes(workers=2), "cpu:2", ConfigError, "both say how many workers"),
        (SlurmWishes(gpus="1"), "cpu", ConfigError, "exclude each other"),
        (SlurmWishes(), "cuda:0", DeviceError, "auto, cuda, cpu or cpu:N"),
    ],
)
def test_what_cannot_be_asked_of_this_slurm_is_refused(slurm, wishes, devices, error, words):
    with pytest.raises(error, match=re.escape(words)):
        planned(wishes, devices)


def planned(wishes: SlurmWishes, devices: str):
    return plan_slurm(wishes, devices=devices, jobs_per_device=2, cores_per_run=3, tell=print)


def test_workers_have_a_gpu_where_the_partition_has_any_unless_told_otherwise(slurm):
    def asked(wishes: SlurmWishes, devices: str) -> tuple[str, int, int]:
        cluster = planned(wishes, devices)
        assert cluster.hosts == [host_name()]
        return cluster.job.gpus, cluster.workers, len(cluster.plan.slots)

    assert asked(SlurmWishes(), "auto") == ("1", 4, 8)
    assert asked(SlurmWishes(gpus="a100:2", workers=3), "auto") == ("a100:2", 3, 12)
    assert asked(SlurmWishes(), "cpu:5") == ("", 5, 10)


def test_sqlite_file_is_refused_where_the_partition_has_other_machines(slurm, tmp_path):
    cluster = replace(planned(SlurmWishes(), "cpu"), hosts=[host_name(), "elsewhere"])
    store = open_store(str(tmp_path / "results.db"))
    with pytest.raises(ConfigError, match="SQLite"):
        cluster.executor(store, None, safeguards=Safeguards(), observe=print)


SLEEPERS = """#!/bin/bash
#SBATCH --array=0-2
#SBATCH --output=/dev/null
[ "$SLURM_ARRAY_TASK_ID" = 2 ] && sleep 600
exit 1
"""


def test_runs_of_lost_elements_are_failed_and_those_let_go_of_are_queued_again(slurm, tmp_path):
    store = open_store(str(tmp_path / "results.db"))
    study = store.add_study("isicbench run", [request(seed=seed) for seed in range(3)])
    lost, saved, at_work = study.run_ids
    array = SlurmArray.submit(store, study.id, script=SLEEPERS)
    for number, run_id in enumerate(study.run_ids):
        start(store, run_id, slot=f"slurm:{array.job}_{number}/0")
    store.finish(saved, RunStatus.INTERRUPTED)
    before = array.unsettled()
    wait_until(lambda: (found := array.elements()) and found[0].is_over and found[1].is_over and found[2].lives)
    array.settle(before, array.elements())
    assert [run.status for run in store.runs()] == [RunStatus.FAILED, RunStatus.QUEUED, RunStatus.RUNNING]
    failure = store.run(lost).failure
    assert (failure.kind, failure.message) == (
        "lost",
        f"its worker was lost with element 0 of Slurm's job {array.job} (FAILED)",
    )

    store.finish(at_work, RunStatus.INTERRUPTED)
    array.cancel()
    wait_until(array.is_over)
    array.settle(array.unsettled(), array.elements())
    assert store.run(at_work).status is RunStatus.INTERRUPTED  # somebody has cancelled it
    with pytest.raises(ClusterError, match="was cancelled, with 2 runs left"):
        array.require_worth_another(array.elements(), queued=1)


def test_element_that_is_started_again_takes_up_what_it_left(tmp_path):
    store = open_store(str(tmp_path / "results.db"))
    study = store.add_study("isicbench run", [request(seed=seed) for seed in range(3)])
    for run_id, slot in zip(study.run_ids, ("slurm:7_1/0", "slurm:7_1/1", "slurm:7_0/0"), strict=True):
        start(store, run_id, slot=slot)
    store.finish(study.run_ids[1], RunStatus.INTERRUPTED)
    Allocation(store, study.id, ElementId(7, 1)).take_up_its_past()
    assert [run.status for run in store.runs()] == [RunStatus.FAILED, RunStatus.QUEUED, RunStatus.RUNNING]


def test_option_that_the_script_has_by_itself_is_refused(tmp_path):
    job = replace(JOB, options=("array=0-9",))
    with pytest.raises(ConfigError, match="by itself"):
        job.script(workers=1, folder=tmp_path, safeguards=Safeguards())


@pytest.mark.cluster
def test_workers_that_cannot_begin_are_told_of_by_what_they_said(quick, slurm):
    if read_gpus():
        pytest.skip("this Slurm's GPU would be a real one")
    done = isicbench("run", *quick, "--frozen", "--executor", "slurm", "--slurm-gpus", 1, "--slurm-workers", 1)
    assert done.returncode == 9
    assert "began a run: Error: " in done.stderr
    assert "Slurm has left no GPU visible" in done.stderr
    assert Path(done.stderr.split("Its log: ")[1].strip()).is_file()


def test_dry_run_prints_the_script_and_submits_nothing(quick, slurm):
    done = isicbench("run", *quick, *ONE_WORKER, "--slurm-time", "1-0", "--retries", 3, "--dry-run")
    assert done.returncode == 0, done.stderr
    script = done.stdout[done.stdout.index("#!/bin/bash") :]
    assert "#SBATCH --time=1-0\n" in script
    assert "--retries 3" in script
    assert slurm.ask("squeue", "--noheader") == ""
    assert not Path("results.db").exists()


def test_without_slurm_the_command_says_so(quick, tmp_path):
    (tmp_path / "bin").mkdir()
    done = isicbench("run", *quick, "--executor", "slurm", PATH=str(tmp_path / "bin"))
    assert done.returncode == 9
    assert "Slurm is not installed here: there is no sinfo" in done.stderr
    assert isicbench("run", *quick, "--slurm-workers", 2).returncode == 2


def test_script_says_to_slurm_what_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = JOB.script(workers=8, folder=tmp_path / "100% mine", safeguards=Safeguards(retries=2))
    directives = [shlex.split(line, comments=False)[1] for line in script.splitlines() if line.startswith("#SBATCH")]
    assert {
        *("--array=0-7", "--partition=gpu", "--gres=gpu:a100:2", "--cpus-per-task=12", "--time=4:00:00", "--requeue"),
        *("--signal=USR1@120", "--account=my lab", "--exclusive", f"--chdir={tmp_path}", "--open-mode=append"),
        f"--output={tmp_path}/100%% mine/logs/slurm-%A_%a.log",
    } <= set(directives)
    step = shlex.split(script.splitlines()[-1])
    assert step[:2] == ["exec", "srun"]
    assert step[-2:] == ["--study", f"${STUDY}"]
    assert subprocess.run([shutil.which("bash"), "-n"], input=script, text=True).returncode == 0


@pytest.mark.parametrize(
    "wishes",
    [
        *({"time": "4"}, {"time": "0:04:59"}, {"time": "soon"}, {"gpus": "0"}, {"gpus": "a100"}, {"workers": 0}),
        *({"options": ("--qos=low",)}, {"options": ("qos=low\n#SBATCH --uid=0",)}),
    ],
)
def test_wishes_that_slurm_could_not_fulfil_are_refused(wishes):
    with pytest.raises(ConfigError):
        SlurmWishes(**wishes)


def test_slots_are_shares_of_the_gpus_that_slurm_left_visible():
    gpus = [Gpu(index=i, uuid=f"GPU-{i}", name="a", memory_mib=1, free_mib=1) for i in range(2)]
    slots = allocated_slots(ElementId(12, 3), device="cuda", gpus=gpus, jobs_per_device=2, threads=3)
    assert [slot.name for slot in slots] == [f"slurm:12_3/{i}" for i in range(4)]
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots] == ["GPU-0", "GPU-0", "GPU-1", "GPU-1"]
    [alone] = allocated_slots(ElementId(12, 3), device="cpu", gpus=(), jobs_per_device=1, threads=3)
    assert (alone.device, alone.uuid) == ("cpu", "")
    with pytest.raises(DeviceError):
        allocated_slots(ElementId(12, 3), device="cuda", gpus=(), jobs_per_device=1, threads=3)
