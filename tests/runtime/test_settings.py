import json

import pytest

from speaker_tracker.settings import DEFAULT_STAGES, Settings, SettingsError, load_settings, value_sources

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def environment(monkeypatch):
    def set_variables(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"SPEAKER_TRACKER_{name}", value if isinstance(value, str) else json.dumps(value))

    return set_variables


@pytest.fixture
def toml(tmp_path, monkeypatch):
    def write(text):
        path = tmp_path / "settings.toml"
        path.write_text(text)
        monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", str(path))
        return str(path)

    return write


def sentence(**given):
    with pytest.raises(SettingsError) as raised:
        load_settings(**given)
    return str(raised.value)


def test_without_any_source_the_defaults_hold():
    settings = load_settings()
    assert settings.port == 8000
    assert tuple(settings.stages) == DEFAULT_STAGES
    assert value_sources({}) == {}


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(environment, toml):
    toml("port = 1\nworkers = 1\nmax_sessions = 1\n")
    environment(PORT="2", WORKERS="2")
    settings = load_settings(port=3)
    assert (settings.port, settings.workers, settings.max_sessions) == (3, 2, 1)


def test_options_of_a_stage_are_merged_from_all_sources(environment, toml):
    toml("[stage_options.silero_vad]\nthreshold = 0.1\nrelease = 0.1\npadding_ms = 1\n")
    environment(STAGE_OPTIONS__SILERO_VAD__THRESHOLD="0.2", STAGE_OPTIONS__SILERO_VAD__RELEASE="0.2")
    options = load_settings(stage_options={"silero_vad": {"release": 0.3}}).stage_options
    assert options == {"silero_vad": {"threshold": "0.2", "release": 0.3, "padding_ms": 1}}


def test_names_of_stages_and_options_are_taken_in_any_case(environment, toml):
    toml("[stage_options.Silero_VAD]\nThreshold = 0.1\nrelease = 0.1\n")
    environment(STAGE_OPTIONS__SILERO_VAD__THRESHOLD="0.2")
    assert load_settings().stage_options == {"silero_vad": {"threshold": "0.2", "release": 0.1}}


def test_lists_and_tables_come_as_json(environment):
    environment(STAGES='["a", "b"]', STAGE_OPTIONS__A__LEVELS="[1, 2]", STAGE_OPTIONS__B='{"x": 1}')
    settings = load_settings()
    assert settings.stages == ["a", "b"]
    assert settings.stage_options == {"a": {"levels": [1, 2]}, "b": {"x": 1}}


def test_every_value_tells_where_it_came_from(environment, toml):
    file = toml("port = 1\n[stage_options.Silero_VAD]\nThreshold = 0.1\nrelease = 0.1\n")
    environment(WORKERS="2", STAGE_OPTIONS__SILERO_VAD__RELEASE="0.2", STAGE_OPTIONS__REPORTER='{"period_ms": 250}')
    load_settings(host="::1")
    assert value_sources({"host": "::1"}) == {
        ("port",): file,
        ("stage_options", "silero_vad", "threshold"): file,
        ("workers",): "SPEAKER_TRACKER_WORKERS",
        ("stage_options", "silero_vad", "release"): "SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__RELEASE",
        ("stage_options", "reporter", "period_ms"): "SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER",
        ("host",): "command line",
    }


def test_one_variable_for_all_options_is_the_origin_of_each(environment):
    environment(STAGE_OPTIONS={"reporter": {"period_ms": 250}})
    assert value_sources({}) == {("stage_options", "reporter", "period_ms"): "SPEAKER_TRACKER_STAGE_OPTIONS"}


def test_a_misspelt_variable_is_not_lost(environment):
    environment(PROT="9000")
    assert sentence().startswith(
        "environment variable SPEAKER_TRACKER_PROT is no setting; did you mean SPEAKER_TRACKER_PORT? settings are"
    )


def test_a_variable_with_parts_that_its_setting_does_not_have_is_not_lost(environment):
    environment(PORT__HTTP="9000")
    assert sentence() == "environment variable SPEAKER_TRACKER_PORT__HTTP is no setting; SPEAKER_TRACKER_PORT has no parts"


def test_a_wrong_value_is_named_with_its_setting(environment):
    environment(PORT="eight")
    assert sentence() == (
        "SPEAKER_TRACKER_PORT cannot be 'eight': Input should be a valid integer, unable to parse string as an integer"
    )


def test_what_is_not_json_is_named_with_its_setting(environment):
    environment(STAGES='["frame_decoder"')
    assert sentence() == (
        "SPEAKER_TRACKER_STAGES cannot be '[\"frame_decoder\"': Value error, it begins as JSON and is none; "
        'write ["one", "two"] or one,two'
    )
    environment(STAGES="frame_decoder", STAGE_OPTIONS="threshold=1")
    assert sentence() == (
        'SPEAKER_TRACKER_STAGE_OPTIONS is not JSON; a table is written as JSON, such as \'{"silero_vad": {"threshold": 0.5}}\''
    )


@pytest.mark.parametrize("text", ["", " ", ","])
def test_an_empty_text_is_no_list(environment, text):
    environment(TOKENS=text)
    assert sentence() == (
        "SPEAKER_TRACKER_TOKENS cannot be what it is (not shown): Value error, it is empty; write [] for an empty list, or unset it"
    )


@pytest.mark.parametrize("text", ["frame_decoder,silero_vad", " frame_decoder, silero_vad ,", '["frame_decoder", "silero_vad"]'])
def test_lists_come_as_json_or_with_commas(environment, text):
    environment(STAGES=text, TOKENS="sesame,open", ALLOWED_ORIGINS="https://one.example")
    settings = load_settings()

    assert settings.stages == ["frame_decoder", "silero_vad"]
    assert [token.get_secret_value() for token in settings.tokens] == ["sesame", "open"]
    assert settings.allowed_origins == ["https://one.example"]


def test_a_wrong_token_is_never_shown(environment):
    environment(TOKENS="[31337]")
    assert "31337" not in sentence()
    environment(TOKENS='["sesame"')
    assert "sesame" not in sentence()


@pytest.mark.parametrize("setting", ["stage_options", "observer_options"])
@pytest.mark.parametrize("value", ['"sesame"', '["sesame"]', '{ keyed = "sesame" }', '{ keyed = ["sesame"] }'])
def test_options_that_are_no_table_are_not_shown_as_they_may_be_secret(toml, setting, value):
    toml(f"{setting} = {value}\n")
    assert sentence().startswith(f"SPEAKER_TRACKER_{setting.upper()}")
    assert " cannot be what it is (not shown): it must be a table, such as '{" in sentence()


def test_options_of_a_stage_that_are_no_table_are_not_shown(environment):
    environment(STAGE_OPTIONS__KEYED='["sesame"]')
    assert sentence() == (
        "SPEAKER_TRACKER_STAGE_OPTIONS__KEYED cannot be what it is (not shown): it must be a table, such as '{\"threshold\": 0.5}'"
    )


def test_tokens_are_not_shown_with_the_settings(environment):
    environment(TOKENS='["sesame"]')
    assert "sesame" not in repr(load_settings())


def test_an_unknown_name_in_the_file_is_named(toml):
    toml("prot = 9000\n")
    assert sentence() == f"'prot' is no setting; settings are {', '.join(Settings.model_fields)}"


def test_a_file_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", "/none.toml")
    assert sentence() == "SPEAKER_TRACKER_CONFIG names '/none.toml', which is no file; give the path of a TOML file or unset it"


def test_a_file_that_cannot_be_read_is_named(monkeypatch):
    file = f"/{300 * 'a'}"
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", file)
    assert sentence() == f"{file}, named by SPEAKER_TRACKER_CONFIG, cannot be read: File name too long"


@pytest.mark.parametrize("name", ["", "/", "/dev/null/settings.toml"])
def test_a_place_where_no_file_can_be_is_named(monkeypatch, name):
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", name)
    assert sentence() == f"SPEAKER_TRACKER_CONFIG names {name!r}, which is no file; give the path of a TOML file or unset it"


def test_a_file_that_is_no_toml_is_named(toml):
    file = toml("port: 9000\n")
    assert sentence().startswith(f"{file}, named by SPEAKER_TRACKER_CONFIG, is not readable as TOML: Expected '='")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", ""),
        ("TOKENS", ["secret", ""]),
        ("IDLE_TIMEOUT_SECONDS", "inf"),
        ("MAX_SESSION_SECONDS", "nan"),
        ("GRACE_SECONDS", "inf"),
        ("GRACE_SECONDS", "1e300"),
        ("IDLE_TIMEOUT_SECONDS", "1e308"),
        ("TLS_CERT", ""),
        ("MODEL_CACHE", ""),
        ("ALLOWED_ORIGINS", '{"a": 1}'),
    ],
)
def test_what_would_open_a_door_or_never_end_is_refused(environment, name, value):
    environment(**{name: value})

    assert sentence().startswith(f"SPEAKER_TRACKER_{name}")


@pytest.mark.parametrize("name", ["TLS_CERT", "TLS_KEY", "MODEL_CACHE"])
def test_a_path_that_was_not_filled_in_is_none(environment, name):
    environment(**{name: ""})
    assert sentence() == f"SPEAKER_TRACKER_{name} cannot be '': Value error, it is no path; give one, or unset it"


@pytest.mark.parametrize(
    ("value", "why"), [("5", "a path is text"), ('"a\\u0000b"', "it is no path; give one, or unset it")], ids=["number", "zero"]
)
def test_an_invalid_path_is_reported(toml, value, why):
    toml(f"model_cache = {value}\n")
    assert sentence().endswith(f": Value error, {why}")


@pytest.mark.parametrize(
    "origin", ["*", "null", "https://one.example", "http://[::1]:8000/", "HTTPS://ONE.EXAMPLE", "app://.", "file://"]
)
def test_what_browsers_send_is_an_origin(environment, origin):
    environment(ALLOWED_ORIGINS=[origin])
    assert load_settings().allowed_origins == [origin]


@pytest.mark.parametrize("origin", ["one.example", "https://*.one.example", "https://one.example/page", "", "https://a b"])
def test_what_no_browser_sends_is_no_origin(environment, origin):
    environment(ALLOWED_ORIGINS=["https://first.example", origin])
    assert sentence() == (
        f"SPEAKER_TRACKER_ALLOWED_ORIGINS cannot be {origin!r}: Value error, an origin is a scheme and a host, "
        "such as https://app.example.com, or * for all (at 1)"
    )


def test_an_unknown_log_level_is_told_with_those_there_are(environment):
    environment(LOG_LEVEL="loud")
    assert sentence() == "SPEAKER_TRACKER_LOG_LEVEL cannot be 'loud': Input should be 'debug', 'info', 'warning' or 'error'"


# -- observers -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["prometheus,acme", '["prometheus", "acme"]'])
def test_observers_come_as_json_or_with_commas(environment, text):
    environment(OBSERVERS=text)
    assert load_settings().observers == ["prometheus", "acme"]


def test_options_of_observers_are_merged_from_environment_and_file_in_any_case(environment, toml):
    file = toml('observers = ["acme"]\n[observer_options.Acme]\nHost = "a"\nport = 1\n')
    environment(
        OBSERVER_OPTIONS__ACME__PORT="2", OBSERVER_OPTIONS__PROMETHEUS={"path": "/m"}, OBSERVER_OPTIONS__ACME__TAGS="[1, 2]"
    )
    settings = load_settings()

    assert settings.observers == ["acme"]
    assert settings.observer_options == {"acme": {"host": "a", "port": "2", "tags": [1, 2]}, "prometheus": {"path": "/m"}}
    assert value_sources({}) == {
        ("observers",): file,
        ("observer_options", "acme", "host"): file,
        ("observer_options", "acme", "port"): "SPEAKER_TRACKER_OBSERVER_OPTIONS__ACME__PORT",
        ("observer_options", "acme", "tags"): "SPEAKER_TRACKER_OBSERVER_OPTIONS__ACME__TAGS",
        ("observer_options", "prometheus", "path"): "SPEAKER_TRACKER_OBSERVER_OPTIONS__PROMETHEUS",
    }


def test_one_variable_for_all_options_of_observers_is_the_origin_of_each(environment):
    environment(OBSERVER_OPTIONS={"acme": {"port": 1}})
    assert load_settings().observer_options == {"acme": {"port": 1}}
    assert value_sources({}) == {("observer_options", "acme", "port"): "SPEAKER_TRACKER_OBSERVER_OPTIONS"}


def test_options_of_observers_that_are_not_json_are_named_with_an_example_of_theirs(environment):
    environment(OBSERVER_OPTIONS="path=/m")
    assert sentence() == (
        'SPEAKER_TRACKER_OBSERVER_OPTIONS is not JSON; a table is written as JSON, such as \'{"prometheus": {"path": "/metrics"}}\''
    )


# -- the platform's port ---------------------------------------------------------------------------------------------------------


def test_a_platform_s_port_goes_before_the_file_and_after_our_own_variable(environment, toml, monkeypatch):
    file = toml("port = 1\n")
    assert (load_settings().port, value_sources({})["port",]) == (1, file)

    monkeypatch.setenv("PORT", "2")
    assert (load_settings().port, value_sources({})["port",]) == (2, "PORT")

    environment(PORT="3")
    assert (load_settings().port, value_sources({})["port",]) == (3, "SPEAKER_TRACKER_PORT")

    assert (load_settings(port=4).port, value_sources({"port": 4})["port",]) == (4, "command line")


def test_an_empty_port_of_the_platform_is_none(monkeypatch):
    monkeypatch.setenv("PORT", "")
    assert load_settings().port == 8000
    assert value_sources({}) == {}


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("http", "Input should be a valid integer, unable to parse string as an integer"),
        ("70000", "Input should be less than or equal to 65535"),
    ],
)
def test_a_wrong_port_of_the_platform_is_told_under_its_own_name(monkeypatch, port, why):
    monkeypatch.setenv("PORT", port)
    assert sentence() == f"PORT cannot be {port!r}: {why}"


def test_a_wrong_port_of_our_own_is_told_under_our_name_also_beside_the_platform_s(environment, monkeypatch):
    monkeypatch.setenv("PORT", "8080")
    environment(PORT="eight")
    assert sentence().startswith("SPEAKER_TRACKER_PORT cannot be 'eight'")


@pytest.mark.parametrize("name", ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_WS", "PORT_8000_TCP", "PORT_8000_TCP_ADDR"])
def test_what_kubernetes_makes_of_a_service_of_our_name_is_told_with_a_way_out(environment, name):
    environment(**{name: "10.0.0.1"})
    told = sentence()
    assert told.startswith(f"environment variable SPEAKER_TRACKER_{name} is no setting; if Kubernetes made it of a Service named")
    assert "set enableServiceLinks: false for the pod" in told


def test_a_port_that_kubernetes_made_of_a_service_is_told_with_a_way_out(environment):
    environment(PORT="tcp://10.0.0.1:8000")
    assert sentence() == (
        "SPEAKER_TRACKER_PORT cannot be 'tcp://10.0.0.1:8000'; if Kubernetes made it of a Service named speaker-tracker, "
        "set enableServiceLinks: false for the pod; a port is a number"
    )
