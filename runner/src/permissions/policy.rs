//! The IAM policy that allows the actions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::QueueActions;

/// A policy document with one statement for each set of actions, the required ones first.
pub(crate) fn policy(queues: &[QueueActions]) -> Value {
    let mut statements = Vec::new();
    statements.extend(of_level("Required", queues, |queue| &queue.required));
    statements.extend(of_level("Recommended", queues, |queue| &queue.recommended));
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Queues with the same actions share a statement. A `Sid` has letters and digits only.
fn of_level(
    level: &str,
    queues: &[QueueActions],
    actions: impl Fn(&QueueActions) -> &BTreeSet<&'static str>,
) -> Vec<Value> {
    let mut resources: BTreeMap<&BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for queue in queues.iter().filter(|queue| !actions(queue).is_empty()) {
        resources.entry(actions(queue)).or_default().push(&queue.arn);
    }
    let mut statements = Vec::new();
    for (index, (actions, resources)) in resources.into_iter().enumerate() {
        let sid = format!("{level}{}", index + 1);
        statements.push(json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources }));
    }
    statements
}
