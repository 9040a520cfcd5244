"""Records the second validator's verdicts in each family's `verdicts.json`, or compares with them."""

import sys
from pathlib import Path

from pipeline import Pipeline
from samples import bodies, dump, edited, mutants

# Edits of each valid sample: many where there are few samples.
EDITS, AT_MOST, AT_LEAST = 1500, 40, 4


def verdicts(folder):
    """One line for each sample, so that a difference can be read."""
    pipeline = Pipeline(folder)
    samples = list(bodies(folder))
    count = max(AT_LEAST, min(AT_MOST, EDITS // len(samples)))
    lines = []
    for name, text, attributes in samples:
        verdict, paths = pipeline.check(text, attributes)
        entry = {"verdict": verdict} | ({"paths": paths} if paths else {})
        if name.startswith("valid/"):
            edits = mutants(name, text, count)
            entry["edits"] = [[*edit, pipeline.check(edited(text, edit), attributes)[0]] for edit in edits]
        lines.append(f"{dump(name)}: {dump(entry)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(families, *flags):
    different = []
    for folder in sorted(path.parent for path in Path(families).resolve().glob("*/pipeline.yaml")):
        file, now = folder / "verdicts.json", verdicts(folder)
        print(f"{folder.name}: {now.count(chr(10)) - 2} samples")
        if "--write" in flags:
            file.write_text(now, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != now:
            different.append(file)
    for file in different:
        print(f"{file} does not say what the second validator says now: --write records it", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
