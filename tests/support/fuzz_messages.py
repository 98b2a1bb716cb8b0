"""Text frames for the fuzzer: control messages that are right, nearly right, and far from it."""

import json

ODD_VALUES = (
    *(None, True, False, 0, 1, -1, 2.0, 2.5, 1e300, 10**30, 10**3000, float("nan"), float("inf")),
    *("", "2", "\0", "\ud800", "é" * 50, "x" * 300, [], [[]], {}, {"a": {}}, [None] * 20),
)
VECTORS = ("ADwAPAA8ADw=", "", "ADw=", "AAAAAAAAAAA=", "AHwAfAB8AHw=", "AH4AfgB+AH4=", "no base64!", "A" * 5000, "\ud800")
SPLINTERS = ("", '"', "}", "{", ",", "0", "\\", "\0", "é", "start")
NO_COMMANDS = (
    *("", " ", "null", "1", '"start"', "[]", "{}", '{"action": null}', '{"action": "dance"}', "NaN", "{'action': 'start'}"),
    *('{"action": "start"} {"action": "stop"}', "\ufeff{}", '{"action": "start", "action": "stop"}', "start"),
)
FLAGS = ("timeline", "others", "confidence", "hints", "voiceprints", "resumable")
FIELDS = ("action", "num_speakers", "sample_rate", "encoding", "channels", "known_voices", "session", "ms", "other", *FLAGS)
ACTIONS = ("start", "resume", "gap", "keepalive", "stop")
NAMES = ("Anna", "Ben", " ", "", "\n", "\u202e", "\ud83d", "é", "😀", "x" * 101, "x" * 5000)


def start(random, **more):
    """A ``start`` that is right."""
    command = {"action": "start", "num_speakers": random.randint(1, 5)}
    for flag in FLAGS:
        if random.random() < 0.4:
            command[flag] = random.random() < 0.8
    if random.random() < 0.2:
        command |= {"sample_rate": 16000, "encoding": "pcm_s16le", "channels": 1}
    if random.random() < 0.2:
        command["known_voices"] = [known_voice(name) for name in random.sample(["Anna", "Ben", "é", "😀", "O'Neill"], 2)]
    return json.dumps(command | more)


def known_voice(name, vector="ADwAPAA8ADw=", model="levels", version=1, seconds=9.0):
    """One for the stage of the tests, whose embeddings have four values."""
    return {"name": name, "voiceprint": {"model": model, "version": version, "vector": vector, "seconds": seconds}}


def wrong_voices(random):
    """Known voices that are wrong in one point or several."""
    voice = known_voice(
        random.choice(NAMES),
        random.choice(VECTORS),
        random.choice(["levels", "levels", "ecapa-mini", "", "\ud800"]),
        random.choice([1, 1, 0, -1, 2**70, "1"]),
        random.choice([9.0, 0, -1, 1e999, "9"]),
    )
    for part in (voice, voice["voiceprint"]):
        if random.random() < 0.2:
            part.pop(random.choice(list(part)))
        if random.random() < 0.2:
            part[random.choice(list(part) or ["name"])] = random.choice(ODD_VALUES)
    return random.choice([[voice], [voice] * 51, voice, [[voice]], [voice, known_voice("Anna")]])


def odd_command(random):
    """A command whose fields have any values."""
    command = {"action": random.choice(ACTIONS)}
    for _ in range(random.randint(1, 3)):
        command[random.choice(FIELDS)] = random.choice(ODD_VALUES)
    if random.random() < 0.2:
        command["known_voices"] = wrong_voices(random)
    return json.dumps(command)


def damaged(random, text):
    """``text`` with a few characters that are missing, doubled, or others."""
    characters = list(text)
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(characters)) if characters else 0
        characters[place : place + random.randint(0, 2)] = random.choice(SPLINTERS)
    return "".join(characters)


def deep(random):
    """JSON that is nested as deep as there is room for, or deeper."""
    depth = random.choice([10, 500, 990, 2000, 20_000])
    opening, closing = random.choice([("[", "]"), ('{"a":', "}")])
    nested = opening * depth + "1" + closing * depth * random.randint(0, 1)
    return random.choice([nested, f'{{"action": {nested}}}', f'{{"action": "start", "num_speakers": {nested}}}',
                          f'{{"action": "start", "known_voices": {nested}}}', f'{{"action": "gap", "ms": {nested}}}'])  # fmt: skip


def huge(random):
    """A text of up to some megabytes, JSON or none."""
    length = random.choice([4095, 4096, 4097, 5000, 100_000, 1 << 20, 3 << 20])
    return random.choice(
        ["x" * length, json.dumps({"action": "start", "other": "x" * length}), json.dumps({"known_voices": [0] * (length // 3)}),
         '{"action": "start", "num_speakers": ' + "9" * length + "}"]
    )  # fmt: skip


def no_command(random):
    """JSON that is no object with an action, or hardly JSON."""
    return random.choice(NO_COMMANDS)
