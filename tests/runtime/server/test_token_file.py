"""Files of tokens: what stands in them, and what becomes of them while a server runs."""

import logging

import pytest

from speaker_tracker.server.file_watch import FileWatch
from speaker_tracker.server.token_file import MAX_BYTES, MAX_TOKENS, NamedToken, TokenFile, parse_tokens, read_tokens
from speaker_tracker.settings import SettingsError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("anna: sesame\n")
    return path


@pytest.fixture
def opened(file):
    """The file as a server has it, whose clock goes two seconds with each look."""
    ticks = iter(range(0, 1000, 2))
    return TokenFile(file, watch=lambda path: FileWatch(path, clock=lambda: next(ticks)))


def names_and_tokens(text):
    return [(each.name, each.token) for each in parse_tokens(text)]


def test_tokens_have_the_names_before_them_or_that_of_their_position():
    text = "# of the kitchen\nanna: sesame\n\n  open-it  # for a while\nben:\ta:b#c\r\nanna: new-sesame"
    assert names_and_tokens(text) == [("anna", "sesame"), ("token 2", "open-it"), ("ben", "a:b#c"), ("anna", "new-sesame")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nanna:secret", "line 2 is no token: write 'name: token', with a space behind the colon"),
        ("anna: secret secret", "line 1 is no token"),
        ("secret secret", "line 1 is no token"),
        ("an na: secret", "line 1 is no token"),
        ("anna:", "line 1 is no token"),
        (f"{'n' * 65}: secret", "64 characters at most"),
        ("secret\n\nanna: secret", "line 3 has the token of line 1 again"),
        ("# secret\n", "it has no token"),
        ("", "it has no token"),
        ("\n".join(f"secret{number}" for number in range(MAX_TOKENS + 1)), f"it has {MAX_TOKENS + 1} tokens, and {MAX_TOKENS} is"),
    ],
)
def test_what_is_wrong_is_told_without_a_token(text, words):
    with pytest.raises(ValueError, match=words) as raised:
        parse_tokens(text)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff\xfe", "is no text in UTF-8"),
        (b"a\n" * MAX_BYTES, "is longer than 1 MiB"),
        (b"se same", "line 1 is no token"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_setting(tmp_path, content, words):
    path = tmp_path / "tokens"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=f"{path}, named by SPEAKER_TRACKER_TOKENS_FILE.*{words}"):
        read_tokens(path)


def test_a_byte_order_mark_is_no_part_of_a_token(file):
    file.write_bytes(b"\xef\xbb\xbfsesame\n")
    assert read_tokens(file) == (NamedToken("token 1", "sesame"),)


def test_a_token_is_not_shown_by_what_holds_it():
    assert "sesame" not in repr(NamedToken("anna", "sesame"))


def test_a_changed_file_is_read_again(file, opened):
    assert [each.token for each in opened.tokens] == ["sesame"]
    file.write_text("anna: sesame\nben: open\n")
    assert [each.token for each in opened.tokens] == ["sesame", "open"]
    file.write_text("ben: open\n")
    assert [each.token for each in opened.tokens] == ["open"]


@pytest.mark.parametrize("spoil", [lambda file: file.write_text("se same"), lambda file: file.write_text(""), lambda f: f.unlink()])
def test_a_file_that_is_spoilt_leaves_the_tokens_as_they_were_and_is_complained_of_once(file, opened, spoil, caplog):
    spoil(file)
    assert [[each.token for each in opened.tokens] for _ in range(3)] == [["sesame"]] * 3
    (complaint,) = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert complaint.startswith("the 1 tokens read before stay: ")
    assert "same" not in complaint.replace(str(file), "")

    file.write_text("new\n")
    assert [each.token for each in opened.tokens] == ["new"]
