from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import AliasChoices, BaseModel, Field, Secret, SecretBytes, SecretStr, TypeAdapter, model_validator
from typing_extensions import TypedDict

from speaker_tracker.engine.options import describe_error, validated
from speaker_tracker.engine.secrets import SecretScan
from speaker_tracker.stage import StageOptions


class Login(BaseModel, extra="forbid"):
    user: str = "anna"
    password: SecretStr = Field(SecretStr("opensesame"), min_length=4)


class Tree(BaseModel):
    name: int = 0
    login: Login | None = None
    below: list[Tree] = []


class Server(BaseModel):
    kind: Literal["server"] = "server"
    host: str
    port: Annotated[int, Field(ge=1)] = 80


class Guarded(BaseModel):
    kind: Literal["guarded"]
    key: SecretBytes


@dataclass
class Badge:
    number: int
    code: SecretStr


class Card(TypedDict):
    number: int
    code: SecretStr


class Pair(NamedTuple):
    number: int
    code: Secret[int]


class ManyOptions(StageOptions):
    login: Login = Login()
    logins: list[Login] | None = None
    by_name: dict[str, list[Login | int]] | None = None
    tree: Tree = Tree()
    chosen: Annotated[Server | Guarded, Field(discriminator="kind")] = Server(host="here")
    either: Server | Login | None = None
    keys: tuple[SecretStr, ...] = ()
    badge: Badge | None = None
    card: Card | None = None
    pair: Pair | None = None
    api_key: SecretStr = Field(SecretStr(""), alias="apiKey")
    server: Server = Server(host="here")
    servers: dict[str, list[Server]] | None = None

    @model_validator(mode="after")
    def _no_root(self) -> ManyOptions:
        if self.login.user == "root":
            raise ValueError("root may not log in")
        return self


def sentence(**values: Any) -> str:
    with pytest.raises(LookupError) as raised:
        validated(ManyOptions, values, what="stage 'many'", setting="MANY", fail=LookupError)
    return str(raised.value)


@pytest.mark.parametrize(
    "values",
    [
        {"login": "sesame"},
        {"login": {"password": ["sesame"]}},
        {"login": {"password": "ses"}},
        {"login": {"password": "sesame", "user": 7}},
        {"login": {"password": "sesame", "user": ["sesame"]}},
        {"login": {"passwort": "sesame"}},
        {"logins": {"password": "sesame"}},
        {"logins": [{"password": "sesame"}, {"password": 31337}]},
        {"logins": [{"password": "sesame"}, 5]},
        {"by_name": {"sesame": [{"password": "sesame"}, "sesame"]}},
        {"by_name": [{"password": "sesame"}]},
        {"tree": {"below": [{"below": [{"name": "sesame", "login": {"password": "sesame"}}]}]}},
        {"tree": {"below": [{"below": [{"login": {"password": 31337}}]}]}},
        {"chosen": {"kind": "guarded", "key": 31337}},
        {"chosen": {"kind": "other", "key": "sesame"}},
        {"chosen": {"key": "sesame"}},
        {"either": {"password": 31337}},
        {"either": "sesame"},
        {"keys": ["sesame", 31337]},
        {"keys": "sesame"},
        {"badge": {"number": "x", "code": "sesame"}},
        {"badge": {"code": "sesame"}},
        {"card": {"number": "x", "code": "sesame"}},
        {"pair": [1, "sesame"]},
        {"apiKey": ["sesame"]},
    ],
    ids=str,
)
def test_secrets_are_never_shown_at_any_depth(values):
    said = sentence(**values)

    (option,) = values
    assert said.startswith(f"option {option!r} of stage 'many' (set by MANY_{'_' + option.upper()}) cannot be ")
    assert "cannot be what it is (not shown): " in said
    assert not [secret for secret in ("sesame", "ses'", "31337", "anna") if secret in said]


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ({"server": {"host": "here", "port": 0}}, "cannot be 0: Input should be greater than or equal to 1 (at port)"),
        ({"server": {"port": 5}}, "cannot be {'port': 5}: Field required (at host)"),
        ({"servers": {"north": [{"host": 5}]}}, "cannot be 5: Input should be a valid string (at 0.host)"),
        ({"logins": [{}, {"user": 5}]}, "cannot be what it is (not shown): Input should be a valid string (at 1.user)"),
        ({"login": {"pin": 5}}, "cannot be what it is (not shown): Extra inputs are not permitted"),
    ],
)
def test_the_place_within_an_option_is_named(values, end):
    assert sentence(**values).endswith(end)


def test_an_unknown_option_is_named_with_the_known_ones():
    assert sentence(logn="sesame") == (
        f"stage 'many' has no option 'logn' (set by MANY__LOGN); its options: {', '.join(ManyOptions.model_fields)}"
    )


class RenamedOptions(StageOptions):
    threshold: float = Field(0.5, ge=0, le=1, validation_alias=AliasChoices("threshold", "limit"))


def validate(**values):
    return validated(RenamedOptions, values, what="stage 'renamed'", setting="RENAMED", fail=ValueError)


def test_a_former_name_works_and_is_logged_once(caplog):
    assert [validate(limit=0.1).threshold, validate(limit=0.2).threshold, validate(threshold=0.3).threshold] == [0.1, 0.2, 0.3]
    assert [record.getMessage() for record in caplog.records] == [
        "option 'limit' of stage 'renamed' is now called 'threshold' (set by RENAMED__THRESHOLD); the old name is deprecated"
    ]


def test_an_option_set_by_both_its_names_is_refused():
    with pytest.raises(
        ValueError, match=r"has option 'threshold' set twice, once by its old name 'limit' \(set by RENAMED__LIMIT\)"
    ):
        validate(limit=0.1, threshold=0.2)


def test_a_wrong_value_under_a_former_name_is_told_with_the_setting_it_came_from():
    with pytest.raises(
        ValueError, match=r"option 'limit' of stage 'renamed' \(set by RENAMED__LIMIT\) cannot be 2: Input should be"
    ):
        validate(limit=2)


def test_an_option_without_a_name_is_none():
    assert sentence(**{"": 1}).startswith("stage 'many' has no option '' (set by MANY__); its options: login, ")


def test_options_that_do_not_fit_together_are_not_shown():
    assert sentence(login={"user": "root", "password": "sesame"}) == (
        "options of stage 'many' do not fit together: Value error, root may not log in"
    )


@pytest.mark.parametrize(
    "annotation", [int, list[str], dict[str, Any], Server, Server | None, Literal["a"], Annotated[str, "x"], None]
)
def test_types_without_a_secret_are_shown(annotation):
    assert not SecretScan(annotation).holds_secret


def test_a_type_that_cannot_be_looked_into_may_hold_a_secret():
    class Lost(TypedDict):
        what: Nowhere  # noqa: F821 - that is the point

    assert SecretScan(Lost).holds_secret


def test_errors_of_plugins_are_reported_on_one_line_without_values():
    with pytest.raises(ValueError, match="sesame") as caught:
        TypeAdapter(dict[str, int]).validate_python({"port": "sesame", "host": "sesame"})

    assert describe_error(caught.value) == (
        "ValidationError: port: Input should be a valid integer, unable to parse string as an integer; "
        "host: Input should be a valid integer, unable to parse string as an integer"
    )
    assert describe_error(RuntimeError("first\n  second")) == "RuntimeError: first second"
