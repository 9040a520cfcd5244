//! `schema:` with the files it names, from the disk to the verdict on a message.

mod drafts;
mod kinds;
mod many;
mod mistakes;
mod references;
mod texts;

use crate::compile::{Compiled, compile};
use crate::config::{Environment, load};
use crate::diagnostic::Diagnostic;
use pipeline::message::{Delivery, Metadata, Receipt};

/// A folder with a pipeline file in it, `p.yaml`, and schema files.
struct Folder(tempfile::TempDir);

/// The folder of a pipeline file that has this `schema:`.
fn folder(schema: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    let pipeline = format!(
        "source: {{ queue: q, dlq: d }}\nschema: {schema}\ntables: {{ t: {{ primary_key: [id], columns: \
         {{ id: \"text = $sqs.message_id\", b: \"jsonb null = .\" }} }} }}\n"
    );
    for (path, text) in files.iter().copied().chain([("p.yaml", pipeline.as_str())]) {
        let path = folder.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

impl Folder {
    fn compile(&self) -> Result<Compiled, Vec<Diagnostic>> {
        compile(&load(&[self.0.path().join("p.yaml")], &Environment::new()))
    }

    /// `valid`, `unwanted`, or the keyword a message breaks; what is wrong with the files, when they are.
    fn verdict(&self, body: &str) -> String {
        let Ok(compiled) = self.compile() else {
            return self.problems().join("\n");
        };
        let delivery =
            Delivery { body: body.to_owned(), metadata: Metadata::default(), receipt: Receipt(String::new()) };
        match compiled.pipelines[0].decider().decide(&delivery) {
            Ok(rows) if rows.is_empty() => "unwanted".to_owned(),
            Ok(_) => "valid".to_owned(),
            Err(rejection) => rejection.keyword.unwrap_or_else(|| format!("{:?}", rejection.code)),
        }
    }

    /// Everything reported: code, place and message.
    fn problems(&self) -> Vec<String> {
        let problems = self.compile().map_or_else(|problems| problems, |compiled| compiled.warnings);
        let shown = problems.iter().map(|problem| {
            let place = problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} {place} {}", problem.code.id(), problem.message)
        });
        let root = format!("{}/", self.0.path().display());
        shown.map(|shown| shown.replace(&root, "")).collect()
    }
}
