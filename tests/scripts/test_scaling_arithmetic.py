import re
import subprocess
import sys

import pytest

from support.pages import ROOT, section, text_of

SCRIPT = ROOT / "scripts" / "scaling_arithmetic.py"
TEXT = text_of("docs/scaling.md")


def printed(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], check=True, capture_output=True, text=True).stdout


def row(table, name):
    return re.search(rf"^\| {re.escape(name)} \| (.*) \|$", table, re.MULTILINE)[1].split(" | ")


def test_the_tables_of_the_page_are_what_it_prints():
    inputs, results = printed().strip().split("\n\n")
    assert inputs in section(TEXT, "Inputs")
    assert results in section(TEXT, "Arithmetic")


def test_cores_follow_from_sessions_and_reserve_and_all_else_from_cores():
    table = printed("100", "--sessions-per-core", "10", "--reserve", "0.5", "--core-seconds", "0.02", "--price", "0.1")
    assert row(table, "cores") == ["15"]
    assert row(table, "of these busy") == ["2"]
    assert row(table, "servers (pods)") == ["8"]
    assert row(table, "cost of cores, $ an hour") == ["1.5"]
    assert row(table, "audio in, Gbit/s") == ["0.0256"]


def test_what_is_not_above_zero_is_refused():
    for arguments in (["--price", "0"], ["0"], ["--reserve", "nan"]):
        done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("machines", 1, "{} machines that pull"),
        ("sessions that begin, a second", 2, "come at {} in a second"),
        ("audio in, Gbit/s", 2, "{} Gbit/s in"),
        ("cores", 2, "{} of them are a share"),
    ],
)
def test_numbers_in_the_text_are_those_of_the_table(name, column, words):
    assert words.format(row(TEXT, name)[column]) in re.sub(r"\s+", " ", TEXT)
