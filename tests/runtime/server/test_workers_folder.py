"""The folder that the workers of another server share."""

import os
import subprocess
import sys

from speaker_tracker.server.workers_folder import WorkersFolder


def test_it_is_there_until_the_last_one_leaves(tmp_path):
    first, second = WorkersFolder(tmp_path / "above"), WorkersFolder(tmp_path / "above")
    (first.path / "figures").write_text("1")

    assert first.path == second.path
    first.leave()
    assert (second.path / "figures").read_text() == "1"
    second.leave()
    assert list(tmp_path.iterdir()) == []


def test_one_who_comes_after_the_last_finds_it_empty(tmp_path):
    first = WorkersFolder(tmp_path / "above")
    (first.path / "figures").write_text("1")
    first.leave()
    second = WorkersFolder(tmp_path / "above")

    assert list(second.path.iterdir()) == []
    second.leave()


def test_others_cannot_look_into_it(tmp_path):
    folder = WorkersFolder(tmp_path / "above")

    assert folder.path.stat().st_mode & 0o077 == 0
    folder.leave()


def test_a_process_that_no_server_started_has_none():
    assert WorkersFolder.of_this_process() is None


WORKERS = """
import multiprocessing
import os
import tempfile
from speaker_tracker.server.workers_folder import WorkersFolder

tempfile.tempdir = os.environ["TEMPORARY"]


def work(queue, barrier):
    folder = WorkersFolder.of_this_process()
    queue.put(None if folder is None else str(folder.path))
    barrier.wait()
    if folder is not None:
        folder.leave()


if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    queue, barrier = spawn.Queue(), spawn.Barrier(2)
    workers = [spawn.Process(target=work, args=(queue, barrier)) for _ in range(2)]
    for worker in workers:
        worker.start()
    print(*{queue.get() for _ in workers})
    for worker in workers:
        worker.join()
"""


def workers(folder, temporary):
    script = folder / "workers.py"
    script.write_text(WORKERS)
    environment = {**os.environ, "TEMPORARY": str(temporary)}
    return subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True, timeout=120)


def test_workers_of_one_server_have_the_same_and_those_of_two_have_not(tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    one, two = workers(tmp_path, temporary).stdout.split(), workers(tmp_path, temporary).stdout.split()

    assert len(one) == len(two) == 1
    assert one != two
    assert list(temporary.iterdir()) == []


def test_where_no_folder_can_be_made_each_counts_for_itself_and_the_log_says_so(tmp_path):
    done = workers(tmp_path, "/dev/null/none")

    assert done.stdout == "None\n"
    assert done.stderr.count("each counts for itself") == 2
