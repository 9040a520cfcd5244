"""What a pipeline file says up to the mapping, done a second time: unwrap, skip, choose a schema, validate.

Nothing here is taken from runner: the expressions run in the jq of the C library, the schemas in `jsonschema`.
"""

import base64
import glob
import json
from functools import cache
from pathlib import Path

import jq
import jsonschema
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012, specification_with

DRAFTS = {
    "4": "http://json-schema.org/draft-04/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}


class Refused(Exception):
    """A step that ends a message before the schema is asked."""


@cache
def program(expression):
    names = "{sqs: $sqs, body: $body, raw: $raw, doc: $doc, input: $input}"
    return jq.compile(f". as {names} | $doc | ({expression})")


def evaluate(expression, document, body, attributes, text):
    scope = {"sqs": {"attributes": attributes}, "body": body, "raw": text, "doc": document, "input": None}
    results = program(expression).input_value(scope).all()
    if len(results) > 1:
        raise ValueError(f"`{expression}` yields {len(results)} results")
    return results[0] if results else None


def read(path):
    text = Path(path).read_text(encoding="utf-8")
    return yaml.safe_load(text) if str(path).endswith((".yaml", ".yml")) else json.loads(text)


def strict(text):
    """JSON without what Python adds to it."""

    def refuse(name):
        raise ValueError(name)

    return json.loads(text, parse_constant=refuse)


def references(value):
    """Every `$ref` of a schema."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        yield value["$ref"]
    for element in inner:
        yield from references(element)


def content_encoding(validator, encoding, instance, schema):
    """`contentEncoding` as an assertion, of which `jsonschema` has none."""
    if encoding == "base64" and isinstance(instance, str):
        try:
            base64.b64decode(instance, validate=True)
        except ValueError as error:
            yield jsonschema.ValidationError(str(error))


# Draft 7, section 8, allows to assert it, and runner does. From 2019-09 on it is an annotation.
jsonschema.validators.validates("draft7")(
    jsonschema.validators.extend(jsonschema.Draft7Validator, {"contentEncoding": content_encoding})
)


def every_format(dialect):
    """Formats that came after a draft are asserted in it too, as runner does."""
    checker = jsonschema.FormatChecker(formats=())
    checker.checkers = jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers | dialect.FORMAT_CHECKER.checkers
    return checker


def own_values(schema, path):
    """The constants a schema allows at a path, itself or in a part of its `allOf`."""
    if not path:
        return schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    inner = schema.get("properties", {}).get(path[0])
    found = own_values(inner, path[1:]) if isinstance(inner, dict) else []
    for part in schema.get("allOf", []):
        found = found or own_values(part, path)
    return found


class Schemas:
    """Every schema file a pipeline may name, by path and by `$id`, and a validator for each part in use."""

    def __init__(self, folder, config):
        self.folder, self.config, self.validators = folder, config, {}
        draft = config.get("draft")
        self.default = specification_with(DRAFTS[str(draft)]) if draft else DRAFT202012
        self.registry = Registry()

    def load(self, paths):
        folders = {path.parent for path in paths}
        for file in sorted({file for folder in folders for file in folder.rglob("*")} | set(paths)):
            if file.suffix in {".json", ".yaml", ".yml"}:
                self.add(file)

    def add(self, file):
        """Registers a file, and every other one that it names by path."""
        if file.as_uri() in self.registry:
            return
        contents = read(file)
        resource = Resource.from_contents(contents, default_specification=self.default)
        self.registry = self.registry.with_resource(file.as_uri(), resource)
        if resource.id():
            self.registry = self.registry.with_resource(resource.id(), resource)
        for reference in references(contents):
            other = (file.parent / reference.partition("#")[0]).resolve()
            if "://" not in reference and other.is_file():
                self.add(other)

    def validator(self, name):
        """The validator for `file.json#/pointer`."""
        if name not in self.validators:
            path, _, pointer = name.partition("#")
            file = (self.folder / path).resolve()
            draft = DRAFTS.get(str(self.config.get("draft")), DRAFTS["2020-12"])
            dialect = jsonschema.validators.validator_for({"$schema": draft} | read(file))
            reference = {"$ref": f"{file.as_uri()}#{pointer}"}
            asserted = self.config.get("formats", "assert") == "assert"
            checker = every_format(dialect) if asserted else None
            self.validators[name] = dialect(reference, registry=self.registry, format_checker=checker)
        return self.validators[name]


class Pipeline:
    """The steps before the mapping."""

    def __init__(self, folder):
        self.folder = folder
        self.file = yaml.safe_load((folder / "pipeline.yaml").read_text(encoding="utf-8"))
        schema = self.file["schema"]
        self.config = {"file": schema} if isinstance(schema, str) else schema
        self.schemas = Schemas(folder, self.config)
        self.names = self.mapping()
        paths = list(self.names.values()) or [self.config["file"]]
        self.schemas.load([(folder / path.partition("#")[0]).resolve() for path in paths])
        for file in self.matching(self.config.get("refs")):
            self.schemas.add(file.resolve())

    def matching(self, pattern):
        if pattern is None:
            return []
        return [self.folder / name for name in sorted(glob.glob(pattern, root_dir=self.folder, recursive=True))]

    def mapping(self):
        """Names of schemas by the discriminator's value."""
        names = {str(value): path for value, path in self.config.get("mapping", {}).items()}
        for file in self.matching(self.config.get("files")):
            path = self.config["discriminator"].strip(".").split(".")
            names |= {value: str(file.relative_to(self.folder)) for value in own_values(read(file), path)}
        return names

    def body(self, text):
        try:
            return strict(text)
        except ValueError as error:
            if "$raw" in str(self.file.get("unwrap", "")):
                return text
            raise Refused("not_json") from error

    def unwrapped(self, body, attributes, text):
        unwrap = self.file.get("unwrap")
        if unwrap is None:
            return body
        try:
            document = strict(body["Message"]) if unwrap == "sns" else evaluate(unwrap, body, body, attributes, text)
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("unwrap") from error
        if unwrap != "sns" and document is None:
            raise Refused("unwrap")
        return document

    def schema_name(self, document, ask):
        if "file" in self.config:
            return self.config["file"]
        try:
            value = ask(self.config["discriminator"])
        except ValueError as error:
            raise Refused("no_schema") from error
        if value is None or isinstance(value, (dict, list)):
            raise Refused("no_schema")
        name = self.names.get(value if isinstance(value, str) else json.dumps(value))
        if name is None:
            raise Refused("skip" if self.config.get("otherwise") == "skip" else "no_schema")
        return name

    def check(self, text, attributes):
        """The verdict, one word, and the paths of all errors."""
        try:
            body = self.body(text)
            document = self.unwrapped(body, attributes, text)

            def ask(expression):
                return evaluate(expression, document, body, attributes, text)

            if "skip" in self.file:
                try:
                    unwanted = ask(self.file["skip"])
                except ValueError as error:
                    raise Refused("mapping") from error
                if unwanted is True:
                    return "skip", []
            validator = self.schemas.validator(self.schema_name(document, ask))
            part = ask(self.config["at"]) if "at" in self.config else document
        except Refused as refused:
            return str(refused), []
        start = pointer(self.config["at"].strip(".").split(".")) if "at" in self.config else ""
        paths = {start + path for error in validator.iter_errors(part) for path in error_paths(error)}
        return ("schema" if paths else "valid"), sorted(paths)


def error_paths(error):
    """Where an error lies, and where those lie that it is made of."""
    yield pointer(error.absolute_path)
    for inner in error.context:
        yield from error_paths(inner)


def pointer(tokens):
    """RFC 6901."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
