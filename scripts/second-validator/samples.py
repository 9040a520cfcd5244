"""The samples of a family, and what becomes of them when one place is changed."""

import gzip
import hashlib
import json
import re

FOLDERS = ["valid", "invalid"]
# Nearly right, so that a check that is a little too lax or too strict shows. Left out is where Python's packages check
# less than the RFCs ask: an `email` is whatever has an `@`, a `uri-template` may have spaces and `%zz` outside braces.
LOOKALIKES = [
    (
        r"^\d{4}-\d\d-\d\dT",
        ["2026-02-30T10:00:00Z", "2026-03-01T10:00:00", "2026-03-01T10:00Z", "2026-03-01", "2024-02-29T10:00:00.5-11:30"],
    ),
    (
        r"^[a-z+]+://[^{]*$",
        ["not a uri", "/rel", "http://[::1", "http://example.com/%zz", "urn:isbn:0451450523", "https://example.com/a?b=c#d"],
    ),
    (r"^[a-z+]+://.*{", ["https://example.com/{open", "/relative{/id}", "https://example.com/plain"]),
    (r"^[^@ ]+@[^@ ]+$", ["a", "a.b+c@example.com"]),
    (r"^\d+\.\d+\.\d+\.\d+$", ["256.1.1.1", "1.2.3", "1.2.3.4.5", "10.0.0.1"]),
]


def bodies(folder):
    """Every message of a family: its name, its body's text, its attributes."""
    for sort in FOLDERS:
        for path in sorted((folder / sort).iterdir()):
            name = f"{sort}/{path.name}"
            if path.suffix == ".json":
                yield name, path.read_text(encoding="utf-8"), {}
                continue
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for number, line in enumerate(text.decode().splitlines(), 1):
                message = json.loads(line)
                body = message["body"]
                yield f"{name}:{number}", body if isinstance(body, str) else dump(body), message.get("attributes", {})


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def mutants(name, text, count):
    """Some edits of a body, always the same ones: `[pointer, value]`, or `[pointer]` for what is taken away."""
    edits = [edit for tokens, value in places(json.loads(text), []) for edit in edits_at(tokens, value)]
    keyed = sorted(edits, key=lambda edit: hashlib.sha256((name + dump(edit)).encode()).digest())
    return keyed[:count]


def places(value, tokens):
    """Every value inside a body and where it is; a text that is a JSON object is gone into."""
    if isinstance(value, str) and value.startswith("{"):
        yield from places(json.loads(value), tokens)
        return
    if tokens:
        yield tokens, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    for key, element in inner:
        yield from places(element, [*tokens, str(key).replace("~", "~0").replace("/", "~1")])


def edits_at(tokens, value):
    pointer = "/" + "/".join(tokens)
    yield [pointer]
    yield from ([pointer, other] for other in replacements(value) if other != value or type(other) is not type(value))
    if isinstance(value, dict):
        yield [f"{pointer}/unexpected", True]


def replacements(value):
    if isinstance(value, str):
        lookalikes = [other for shape, others in LOOKALIKES if re.search(shape, value) for other in others]
        return [None, 7, "", "x" + value, value.upper(), *lookalikes]
    if isinstance(value, bool):
        return [None, "true", 1]
    if isinstance(value, (int, float)):
        return [None, str(value), -1, value + 0.5, 10**30]
    return [None, "x", {} if isinstance(value, list) else [], [None]]


def edited(text, edit):
    """The body with one place changed."""
    return dump(changed(json.loads(text), edit[0].split("/")[1:], edit[1:]))


def changed(value, tokens, new):
    if isinstance(value, str):
        return dump(changed(json.loads(value), tokens, new))
    key = int(tokens[0]) if isinstance(value, list) else tokens[0].replace("~1", "/").replace("~0", "~")
    if tokens[1:]:
        value[key] = changed(value[key], tokens[1:], new)
    elif new:
        value[key] = new[0]
    else:
        del value[key]
    return value
