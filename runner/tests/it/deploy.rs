//! The files in deploy/ fit the program: flags, variables, ports, times and versions. scripts/deploy/run checks their form.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use compiler::config::{Environment, load};
use pipeline::Pipeline;
use serde_yaml::Value;

use crate::containers::{READ_BY_RUNNER, queue_variables};
use crate::documents::{blocks_in, page};
use crate::stack::{pipeline_files, repository};

const UNIT: &str = "deploy/systemd/runner.service";
const DEPLOYMENT: &str = "deploy/kubernetes/base/deployment.yaml";
const TEMPLATE: &str = "deploy/ecs/runner.yaml";
const LISTEN: &str = "RUNNER_LISTEN";

/// One way to start `run`, and what stops it.
struct Started {
    file: &'static str,
    /// The commands of all its processes, without the program.
    commands: Vec<Vec<String>>,
    environment: BTreeSet<String>,
    listen: String,
    /// How long it may take to stop.
    stop: Duration,
}

fn yaml(path: &str) -> Value {
    let mut value: Value = serde_yaml::from_str(&page(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    value.apply_merge().expect("merge keys are mappings");
    value
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_sequence().map_or(&[], Vec::as_slice)
}

/// A string, or what a function of the template gets: `!Ref Pipeline` is `Pipeline`.
fn text(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => text(&tagged.value),
        _ => value.as_str().unwrap_or_else(|| panic!("{value:?} is not a string")).to_owned(),
    }
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().map(text).collect()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().expect("whole seconds"))
}

fn kubernetes() -> Started {
    let pod = yaml(DEPLOYMENT)["spec"]["template"]["spec"].clone();
    let containers = [&list(&pod, "initContainers")[0], &list(&pod, "containers")[0]];
    let environment = list(containers[1], "env");
    let listen = environment.iter().find(|one| one["name"] == LISTEN).expect("it listens");
    Started {
        file: DEPLOYMENT,
        commands: containers.map(|container| texts(container, "args")).to_vec(),
        environment: environment.iter().map(|one| text(&one["name"])).collect(),
        listen: text(&listen["value"]),
        stop: seconds(&pod["terminationGracePeriodSeconds"]),
    }
}

fn ecs() -> Started {
    let task = yaml(TEMPLATE)["Resources"]["Task"]["Properties"].clone();
    let containers = &list(&task, "ContainerDefinitions")[..2];
    let environment = list(&containers[1], "Environment");
    let listen = environment.iter().find(|one| one["Name"] == LISTEN).expect("it listens");
    let set = environment.iter().chain(list(&containers[1], "Secrets"));
    Started {
        file: TEMPLATE,
        commands: containers.iter().map(|container| texts(container, "Command")).collect(),
        environment: set.map(|one| text(&one["Name"])).collect(),
        listen: text(&listen["Value"]),
        stop: seconds(&containers[1]["StopTimeout"]),
    }
}

/// The values of a key of the unit.
fn unit(key: &str) -> Vec<String> {
    let lines = page(UNIT);
    lines.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned).collect()
}

fn systemd() -> Started {
    let environment = unit("Environment");
    let pairs: Vec<_> = environment.iter().map(|one| one.split_once('=').expect("NAME=VALUE")).collect();
    let listen = pairs.iter().find(|(name, _)| *name == LISTEN).expect("it listens").1;
    let commands = [unit("ExecStartPre"), unit("ExecStart")].concat();
    let words = commands.iter().map(|command| command.split(' ').skip(1).map(str::to_owned).collect());
    Started {
        file: UNIT,
        commands: words.collect(),
        environment: pairs.iter().map(|(name, _)| (*name).to_owned()).collect(),
        listen: listen.to_owned(),
        stop: unit("TimeoutStopSec")[0].parse::<jiff::SignedDuration>().unwrap().unsigned_abs(),
    }
}

fn all() -> [Started; 3] {
    [kubernetes(), ecs(), systemd()]
}

#[test]
fn each_migrates_and_runs_with_flags_that_exist() {
    for Started { file, commands, .. } in all() {
        let names: Vec<_> = commands.iter().map(|words| words[0].as_str()).collect();
        assert_eq!(names, ["migrate", "run"], "{file}");
        for words in commands {
            let words = std::iter::once("runner").chain(words.iter().map(String::as_str));
            let parsed = runner::cli::Cli::description().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{file}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn each_sets_variables_that_something_reads() {
    let mut known: BTreeSet<_> = READ_BY_RUNNER.into_iter().map(str::to_owned).collect();
    known.extend(queue_variables());
    for Started { file, environment, .. } in all() {
        let unread: Vec<_> = environment.difference(&known).collect();
        assert!(unread.is_empty(), "nothing reads {unread:?} of {file}");
        assert!(environment.contains("DB_PASSWORD_FILE") || environment.contains("DB_PASSWORD"), "{file}");
    }
}

#[test]
fn each_has_more_time_to_stop_than_it_needs() {
    for Started { file, commands, stop, .. } in all() {
        let words = &commands[1];
        let flag = words.iter().position(|word| word == "--grace").expect("the grace period is written there");
        let grace = words[flag + 1].parse::<jiff::SignedDuration>().unwrap().unsigned_abs();
        assert!(stop >= grace + Duration::from_secs(5), "{file}: {stop:?} for {grace:?}");
    }
}

#[test]
fn who_asks_for_health_asks_where_it_listens() {
    let [kubernetes, ecs, systemd] = all();
    let port = |listen: &str| listen.rsplit(':').next().unwrap().parse::<u64>().unwrap();
    assert!(kubernetes.listen.starts_with("0.0.0.0:"), "the node asks the address of the pod");
    let container = yaml(DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0].clone();
    assert_eq!(container["ports"][0]["containerPort"], port(&kubernetes.listen));
    for (probe, path) in [("livenessProbe", "/live"), ("readinessProbe", "/ready")] {
        assert_eq!(container[probe]["httpGet"]["path"], path);
        assert_eq!(container[probe]["httpGet"]["port"], container["ports"][0]["name"]);
    }
    let containers = yaml(TEMPLATE)["Resources"]["Task"]["Properties"]["ContainerDefinitions"].clone();
    assert_eq!(containers[1]["PortMappings"][0]["ContainerPort"], port(&ecs.listen));
    let asked = texts(&containers[2]["HealthCheck"], "Command").pop();
    assert_eq!(asked, Some(format!("http://127.0.0.1:{}/live", port(&ecs.listen))));
    assert!(systemd.listen.starts_with("127.0.0.1:"), "the endpoint has no access control");
}

#[test]
fn none_is_root_or_can_write() {
    let uid = page("Dockerfile").lines().find_map(|line| line.strip_prefix("USER ")).unwrap().replace(":65532", "");
    let pod = yaml(DEPLOYMENT)["spec"]["template"]["spec"].clone();
    assert_eq!(pod["securityContext"]["runAsUser"].as_u64().unwrap().to_string(), uid);
    for container in [list(&pod, "initContainers"), list(&pod, "containers")].concat() {
        let context = &container["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true);
        assert_eq!(context["allowPrivilegeEscalation"], false);
        assert_eq!(texts(&context["capabilities"], "drop"), ["ALL"]);
    }
    for container in list(&yaml(TEMPLATE)["Resources"]["Task"]["Properties"], "ContainerDefinitions") {
        assert_eq!(text(&container["User"]), uid);
        assert_eq!(container["ReadonlyRootFilesystem"], true);
        assert_eq!(texts(&container["LinuxParameters"]["Capabilities"], "Drop"), ["ALL"]);
    }
}

#[test]
fn images_have_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(yaml("deploy/kubernetes/base/kustomization.yaml")["images"][0]["newTag"], version);
    let image = text(&yaml(TEMPLATE)["Parameters"]["Image"]["Default"]);
    assert!(image.ends_with(&format!("/runner:{version}")), "{image}");
    assert!(page("docs/deploy.md").contains(&format!("FROM runner:{version}\n")));
}

/// Mounts the files of each `ConfigMap` as Kubernetes does: links to links, which change all at once.
fn mounted() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for map in list(&yaml("deploy/kubernetes/base/kustomization.yaml"), "configMapGenerator") {
        let mount = folder.path().join(text(&map["name"]));
        fs::create_dir_all(mount.join("..2026")).unwrap();
        symlink("..2026", mount.join("..data")).unwrap();
        for file in texts(map, "files") {
            let source = repository().join("deploy/kubernetes/base").join(file);
            let name = source.file_name().unwrap();
            fs::copy(&source, mount.join("..2026").join(name)).unwrap();
            symlink(Path::new("..data").join(name), mount.join(name)).unwrap();
        }
    }
    folder
}

fn compiled(folder: &Path) -> Vec<Pipeline> {
    let files = load(&[folder.join("pipelines")], &Environment::new());
    compiler::compile(&files).expect("it compiles").pipelines
}

#[test]
fn the_config_maps_have_all_that_the_pipelines_need() {
    assert_eq!(compiled(mounted().path()).len(), pipeline_files("pipelines").len());
}

/// The limits in the comments of scaled-object.yaml and runner.yaml: of PostgreSQL, less the places of superusers, and of SQS.
#[test]
fn the_greatest_number_of_processes_fits_the_database_and_the_queue() {
    let sources: Vec<_> = compiled(mounted().path()).iter().map(|pipeline| pipeline.source().clone()).collect();
    let pods = yaml("deploy/kubernetes/keda/scaled-object.yaml");
    let pods = pods["spec"]["maxReplicaCount"].as_u64().unwrap();
    let surge = yaml(DEPLOYMENT)["spec"]["strategy"]["rollingUpdate"]["maxSurge"].as_u64().unwrap();
    let tasks = yaml(TEMPLATE)["Parameters"]["MaxTasks"]["Default"].as_u64().unwrap();
    let connections: u64 = sources.iter().map(|source| u64::from(source.connections)).sum();
    assert!((pods + surge) * connections < 97, "{pods} pods");
    assert!(2 * tasks * u64::from(sources[0].connections) < 97, "{tasks} tasks");
    for source in sources {
        assert!(pods.max(tasks) * source.in_flight as u64 <= 120_000);
    }
}

#[test]
fn the_page_names_files_that_exist_and_makes_those_that_are_read() {
    let commands: String = blocks_in("docs/deploy.md", "sh").into_iter().map(|block| block.text).collect();
    for path in commands.split_whitespace() {
        if ["deploy/", "pipelines/", "schemas/"].iter().any(|folder| path.starts_with(folder)) {
            assert!(repository().join(path).exists(), "{path} is not a file of the repository");
        }
    }
    let settings = page(UNIT).lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ");
    for path in settings.split([' ', '=', ':']) {
        if path.starts_with("/etc/") || path.starts_with("/usr/") {
            assert!(commands.split_whitespace().any(|word| word == path), "nothing makes {path}");
        }
    }
    let file = text(&yaml(TEMPLATE)["Parameters"]["Pipeline"]["Default"]);
    assert!(commands.contains(&file), "{file}");
    for parameter in yaml(TEMPLATE)["Parameters"].as_mapping().unwrap() {
        let given = commands.contains(&format!(" {}=", text(parameter.0)));
        assert!(given || parameter.1.get("Default").is_some(), "{parameter:?} is not given");
    }
}
