//! The files of a family, as `runner/tests/families/README.md` describes them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use compiler::Compiled;
use compiler::config::{Environment, load};
use compiler::diagnostic::{Style, render};
use pipeline::message::{Attribute, AttributeValue, Delivery, Metadata, Receipt};
use serde::Deserialize;
use serde_json::Value;

/// A folder with a pipeline file, its schemas, and messages.
pub(super) struct Family {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// Its pipeline, and what the compiler warns of.
    pub(super) compiled: Compiled,
}

/// A message as a producer sends it.
pub(super) struct Sample {
    /// As in `verdicts.json`: its path inside the family, and its line.
    pub(super) name: String,
    pub(super) body: String,
    pub(super) attributes: BTreeMap<String, String>,
}

/// What has to become of an invalid sample: a line of `invalid.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) sample: String,
    pub(super) code: String,
    #[serde(default)]
    pub(super) path: Option<String>,
}

/// What the second validator says of a sample: an entry of `verdicts.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    pub(super) verdict: String,
    /// Every place where an error lies.
    #[serde(default)]
    pub(super) paths: Vec<String>,
    /// `[pointer, value, verdict]`, or `[pointer, verdict]`.
    #[serde(default)]
    pub(super) edits: Vec<Vec<Value>>,
}

/// A line of a `.jsonl` file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    body: Value,
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/families")
}

/// Every family, compiled once for all tests.
pub(super) static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    sorted(&folder()).into_iter().filter(|path| path.join("pipeline.yaml").exists()).map(Family::open).collect()
});

impl Family {
    fn open(folder: PathBuf) -> Self {
        let compiled = compiler::compile(&load(&[folder.join("pipeline.yaml")], &Environment::new()));
        let compiled = compiled.unwrap_or_else(|problems| panic!("{}", render(&problems, Style::Plain)));
        let name = folder.file_name().expect("a folder").to_string_lossy().into_owned();
        Self { name, folder, compiled }
    }

    pub(super) fn valid(&self) -> Vec<Sample> {
        self.samples("valid")
    }

    pub(super) fn invalid(&self) -> Vec<Sample> {
        self.samples("invalid")
    }

    fn samples(&self, sort: &str) -> Vec<Sample> {
        sorted(&self.folder.join(sort)).iter().flat_map(|path| read(sort, path)).collect()
    }

    /// What is expected of each invalid sample, by its name.
    pub(super) fn expected(&self) -> BTreeMap<String, Expected> {
        let text = std::fs::read_to_string(self.folder.join("invalid.yaml")).expect("`invalid.yaml` is there");
        let list: Vec<Expected> = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        list.into_iter().map(|expected| (format!("invalid/{}", expected.sample), expected)).collect()
    }

    /// The second validator's verdicts, by the sample's name.
    pub(super) fn recorded(&self) -> BTreeMap<String, Recorded> {
        let text = std::fs::read_to_string(self.folder.join("verdicts.json")).expect("`verdicts.json` is there");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

impl Sample {
    pub(super) fn delivery(&self) -> Delivery {
        self.delivery_of(self.body.clone())
    }

    /// Another body with this message's attributes.
    pub(super) fn delivery_of(&self, body: String) -> Delivery {
        let text =
            |text: &String| Attribute { data_type: "String".to_owned(), value: AttributeValue::Text(text.clone()) };
        let attributes = self.attributes.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let metadata = Metadata {
            message_id: "11111111-2222-3333-4444-555555555555".to_owned(),
            sent_at: Some(1_772_359_200_000),
            attributes,
            ..Metadata::default()
        };
        Delivery { body, metadata, receipt: Receipt("receipt".to_owned()) }
    }
}

/// A body with one place changed. A pointer that goes on inside a text goes on inside its JSON.
pub(super) fn edited(body: &str, pointer: &str, value: Option<&Value>) -> String {
    let mut body: Value = serde_json::from_str(body).expect("an edited body is JSON");
    let tokens: Vec<String> = pointer.split('/').skip(1).map(|t| t.replace("~1", "/").replace("~0", "~")).collect();
    change(&mut body, &tokens, value);
    body.to_string()
}

fn change(at: &mut Value, tokens: &[String], value: Option<&Value>) {
    let (token, rest) = tokens.split_first().expect("the body as a whole is never edited");
    match at {
        Value::String(text) => {
            let mut inner = serde_json::from_str(text).expect("JSON inside a text");
            change(&mut inner, tokens, value);
            *text = inner.to_string();
        }
        Value::Array(items) => {
            let index: usize = token.parse().expect("an index");
            match (rest.is_empty(), value) {
                (false, _) => change(&mut items[index], rest, value),
                (true, Some(value)) => items[index] = value.clone(),
                (true, None) => drop(items.remove(index)),
            }
        }
        Value::Object(fields) => match (rest.is_empty(), value) {
            (false, _) => change(fields.get_mut(token).expect("a field"), rest, value),
            (true, Some(value)) => drop(fields.insert(token.clone(), value.clone())),
            (true, None) => drop(fields.remove(token)),
        },
        _ => panic!("nothing is inside a scalar"),
    }
}

/// The messages of a file.
fn read(sort: &str, path: &Path) -> Vec<Sample> {
    let name = format!("{sort}/{}", path.file_name().expect("a file").to_string_lossy());
    let text = text(path);
    if path.extension().is_some_and(|ending| ending == "json") {
        return vec![Sample { name, body: text, attributes: BTreeMap::new() }];
    }
    let line = |(index, line): (usize, &str)| {
        let line: Line = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}:{}: {error}", index + 1));
        let body = line.body.as_str().map_or_else(|| line.body.to_string(), str::to_owned);
        Sample { name: format!("{name}:{}", index + 1), body, attributes: line.attributes }
    };
    text.lines().enumerate().map(line).collect()
}

fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("the file is readable");
    let mut text = String::new();
    let read = if path.extension().is_some_and(|ending| ending == "gz") {
        flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut text)
    } else {
        (&*bytes).read_to_string(&mut text)
    };
    read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
