//! The private PostgreSQL.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use devstack::postgres::{Postgres, PostgresError, PostgresOptions};

/// The value of one query, through `psql`.
fn query(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-X", "-A", "-t", "-c", sql, url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The server of the tests that leave it as it is. It ends with this process.
fn shared() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Postgres {
    Postgres::start(&PostgresOptions::default()).unwrap()
}

fn kept(folder: &Path) -> PostgresOptions {
    PostgresOptions { data_dir: Some(folder.to_owned()), ..PostgresOptions::default() }
}

/// A folder every user can pass, as the server may run as another one.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The process of a server, as its lock file tells.
fn postmaster(data: &Path) -> u32 {
    let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    lock.lines().next().unwrap().trim().parse().unwrap()
}

fn is_running(pid: u32) -> bool {
    let mut kill = Command::new("kill");
    kill.args(["-0", &pid.to_string()]).stderr(Stdio::null());
    kill.status().unwrap().success()
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_mins(1), "{what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_answers_over_tcp_and_over_its_socket() {
    let server = shared();
    assert_eq!(query(&server.url(), "select 1 + 1"), "2");
    let url = server.create_database("orders").unwrap();
    assert_eq!(query(&url, "select current_database()"), "orders");
    let socket = server.socket_url("orders");
    assert_eq!(query(&socket, "select inet_server_addr() is null"), "t");
}

#[test]
fn it_speaks_utf_8_and_sorts_by_bytes() {
    let server = shared();
    assert_eq!(query(&server.url(), "show server_encoding"), "UTF8");
    assert_eq!(query(&server.url(), "select 'a' < 'B'"), "f");
}

#[test]
fn nothing_is_left_after_a_drop() {
    let server = start();
    let base = server.socket_dir().to_owned();
    let pid = postmaster(server.data_dir());
    assert!(is_running(pid));
    drop(server);
    assert!(!is_running(pid));
    assert!(!base.exists());
}

#[test]
fn it_stops_although_clients_are_connected() {
    let server = start();
    let pid = postmaster(server.data_dir());
    let mut client = Command::new("psql")
        .args(["-X", "-c", "select pg_sleep(600)", &server.url()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let busy = "select count(*) from pg_stat_activity where query ~ '^select pg_sleep'";
    eventually("the client is busy", || query(&server.url(), busy) == "1");
    drop(server);
    assert!(!is_running(pid));
    assert!(!client.wait().unwrap().success());
}

#[test]
fn a_password_is_needed_over_tcp() {
    let server = shared();
    let url = server.url().replace(server.password(), "wrong");
    let output = Command::new("psql").args(["-X", "-c", "select 1", &url]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("password authentication failed"), "{error}");
}

#[test]
fn started_by_root_it_runs_as_somebody_else() {
    let server = shared();
    let pid = postmaster(server.data_dir());
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let ours = fs::metadata("/proc/self").unwrap().uid();
    let theirs: Vec<u32> = field("Uid:").iter().map(|uid| uid.parse().unwrap()).collect();
    if ours == 0 {
        assert!(theirs.iter().all(|&uid| uid != 0), "{theirs:?}");
        assert!(!field("Groups:").contains(&"0".to_owned()));
        assert_eq!(fs::metadata(server.data_dir()).unwrap().uid(), theirs[0]);
    } else {
        assert!(theirs.iter().all(|&uid| uid == ours), "{theirs:?}");
    }
    let mode = fs::metadata(server.socket_dir()).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn two_servers_run_side_by_side() {
    let (first, second) = (start(), start());
    assert_ne!(first.port(), second.port());
    first.create_database("only_here").unwrap();
    let count = "select count(*) from pg_database where datname = 'only_here'";
    assert_eq!(query(&first.url(), count), "1");
    assert_eq!(query(&second.url(), count), "0");
}

#[test]
fn new_databases_have_names_of_their_own() {
    let server = shared();
    let (first, second) = (server.new_database().unwrap(), server.new_database().unwrap());
    query(&first, "create table only_here ()");
    assert_eq!(query(&second, "select to_regclass('only_here') is null"), "t");
}

#[test]
fn a_database_that_exists_is_not_created_again() {
    let server = shared();
    server.create_database("twice").unwrap();
    let error = server.create_database("twice").unwrap_err();
    assert!(error.to_string().contains("already exists"), "{error}");
}

#[test]
fn settings_are_passed_on() {
    let settings = vec![("max_connections".to_owned(), "7".to_owned())];
    let options = PostgresOptions { settings, ..PostgresOptions::default() };
    let server = Postgres::start(&options).unwrap();
    assert_eq!(query(&server.url(), "show max_connections"), "7");
}

#[test]
fn a_wrong_setting_is_told_with_the_server_s_words() {
    let settings = vec![("no_such_setting".to_owned(), "7".to_owned())];
    let options = PostgresOptions { settings, ..PostgresOptions::default() };
    let error = Postgres::start(&options).unwrap_err();
    assert!(matches!(&error, PostgresError::Startup { .. }), "{error:?}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn kept_data_are_there_at_the_next_start() {
    let folder = open_folder();
    let options = kept(&folder.path().join("state"));
    let first = Postgres::start(&options).unwrap();
    let url = first.create_database("orders").unwrap();
    query(&url, "create table t as select 42 as answer");
    let password = first.password().to_owned();
    drop(first);
    let second = Postgres::start(&options).unwrap();
    assert_eq!(second.password(), password);
    assert_eq!(query(&second.database_url("orders"), "select answer from t"), "42");
}

#[test]
fn a_folder_that_keeps_data_stays_its_owner_s() {
    let folder = open_folder();
    let before = fs::metadata(folder.path()).unwrap();
    let server = Postgres::start(&kept(folder.path())).unwrap();
    let after = fs::metadata(folder.path()).unwrap();
    assert_eq!(after.uid(), before.uid());
    assert_eq!(after.mode(), before.mode());
    let password = fs::metadata(folder.path().join("password")).unwrap();
    assert_eq!(password.mode() & 0o777, 0o600);
    drop(server);
}

/// PostgreSQL refuses data of another owner, so started by root it runs as theirs.
#[test]
fn kept_data_are_served_by_their_owner() {
    let folder = open_folder();
    let options = kept(folder.path());
    let first = Postgres::start(&options).unwrap();
    let data = first.data_dir().to_owned();
    drop(first);
    let ours = fs::metadata("/proc/self").unwrap().uid();
    let owner = if ours == 0 { 65_533 } else { ours };
    let above = data.parent().unwrap();
    let chown = Command::new("chown").args(["-R", &owner.to_string()]).arg(above).status();
    assert!(chown.unwrap().success());
    let second = Postgres::start(&options).unwrap();
    assert_eq!(query(&second.url(), "select 1"), "1");
    assert_eq!(fs::metadata(data.join("postmaster.pid")).unwrap().uid(), owner);
}

#[test]
fn kept_data_serve_one_server_at_a_time() {
    let folder = open_folder();
    let options = kept(folder.path());
    let first = Postgres::start(&options).unwrap();
    let error = Postgres::start(&options).unwrap_err();
    assert!(error.to_string().contains("postmaster.pid"), "{error}");
    assert_eq!(query(&first.url(), "select 1"), "1");
}

#[test]
fn a_stale_lock_file_is_no_obstacle() {
    let folder = open_folder();
    let options = kept(folder.path());
    let first = Postgres::start(&options).unwrap();
    let lock = first.data_dir().join("postmaster.pid");
    let text = fs::read_to_string(&lock).unwrap();
    let owner = fs::metadata(&lock).unwrap().uid();
    drop(first);
    // A server that was killed, and whose number another process of the same user has by now.
    let mut stranger = sleeper(owner);
    let rest = text.split_once('\n').unwrap().1;
    fs::write(&lock, format!("{}\n{rest}", stranger.id())).unwrap();
    std::os::unix::fs::chown(&lock, Some(owner), None).unwrap();
    let second = Postgres::start(&options);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(query(&second.unwrap().url(), "select 1"), "1");
}

fn sleeper(uid: u32) -> Child {
    Command::new("sleep").arg("600").uid(uid).spawn().unwrap()
}

/// Set in the process that plays the parent.
const PARENT: &str = "DEVSTACK_TEST_PARENT";

/// What the parent is to keep its data in; empty for a temporary folder.
fn parent_options() -> Option<PostgresOptions> {
    let folder = PathBuf::from(env::var_os(PARENT)?);
    let keep = !folder.as_os_str().is_empty();
    Some(if keep { kept(&folder) } else { PostgresOptions::default() })
}

/// Starts a server, tells where it is, and does nothing more.
fn be_the_parent(options: &PostgresOptions) -> ! {
    let server = Postgres::start(options).unwrap();
    println!();
    println!("DATA {}", server.data_dir().display());
    println!("BASE {}", server.socket_dir().display());
    loop {
        sleep(Duration::from_mins(10));
    }
}

/// This test program once more, running only `test`, which has to call [`be_the_parent`].
fn parent(test: &str, keep: &str) -> Child {
    parent_in(test, keep, None)
}

/// As [`parent`], with another temporary folder.
fn parent_in(test: &str, keep: &str, temporary: Option<&Path>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(PARENT, keep).stdout(Stdio::piped());
    if let Some(temporary) = temporary {
        command.env("TMPDIR", temporary);
    }
    command.spawn().unwrap()
}

/// Data folder and base folder of the parent's server.
fn folders(parent: &mut Child) -> (PathBuf, PathBuf) {
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let mut find = |key: &str| {
        let value = lines.find_map(|line| line.strip_prefix(key).map(PathBuf::from));
        value.expect("the parent tells its folders")
    };
    (find("DATA "), find("BASE "))
}

#[test]
fn a_killed_parent_leaves_nothing_behind() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let mut parent = parent("postgres::a_killed_parent_leaves_nothing_behind", "");
    let (data, base) = folders(&mut parent);
    let pid = postmaster(&data);
    assert!(is_running(pid));
    // SIGKILL.
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("the server is gone", || !is_running(pid));
    eventually("its folder is gone", || !base.exists());
}

#[test]
fn a_killed_parent_s_kept_data_can_be_used_again() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let folder = open_folder();
    let keep = folder.path().to_str().unwrap();
    let test = "postgres::a_killed_parent_s_kept_data_can_be_used_again";
    let mut parent = parent(test, keep);
    let (data, base) = folders(&mut parent);
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("its folder is gone", || !base.exists());
    assert!(data.join("PG_VERSION").exists());
    let server = Postgres::start(&kept(folder.path())).unwrap();
    assert_eq!(query(&server.url(), "select 1"), "1");
}

/// The parent is killed at any time of the start, also while initdb runs.
#[test]
fn a_parent_killed_while_starting_leaves_nothing_behind() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let test = "postgres::a_parent_killed_while_starting_leaves_nothing_behind";
    for delay in [0, 50, 150, 300, 500, 700] {
        let folder = open_folder();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut parent = parent_in(test, "", Some(folder.path()));
        let started = || fs::read_dir(folder.path()).unwrap().count() > 0;
        eventually("the parent has begun", started);
        sleep(Duration::from_millis(delay));
        parent.kill().unwrap();
        parent.wait().unwrap();
        let base = folder.path().to_str().unwrap().to_owned();
        eventually("no process is left", || processes_about(&base).is_empty());
    }
}

/// Processes whose arguments speak of `text`, but for us.
fn processes_about(text: &str) -> Vec<String> {
    let output = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    let all = String::from_utf8_lossy(&output.stdout).into_owned();
    all.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// Root's own temporary folder may be closed to the user the server runs as.
#[test]
fn a_closed_temporary_folder_is_not_used() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let folder = open_folder();
    let closed = folder.path().join("closed").join("tmp");
    fs::create_dir_all(&closed).unwrap();
    fs::set_permissions(closed.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    let test = "postgres::a_closed_temporary_folder_is_not_used";
    let mut parent = parent_in(test, "", Some(&closed));
    let (data, base) = folders(&mut parent);
    let ours = fs::metadata("/proc/self").unwrap().uid();
    assert_eq!(base.starts_with(&closed), ours != 0, "{}", base.display());
    let pid = postmaster(&data);
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("the server is gone", || !is_running(pid));
}

#[test]
fn a_closed_folder_to_keep_data_in_is_named() {
    let folder = open_folder();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let result = Postgres::start(&kept(&closed.join("state")));
    let ours = fs::metadata("/proc/self").unwrap().uid();
    if ours == 0 {
        let error = result.unwrap_err();
        let blocked = format!("because of {}", closed.display());
        assert!(error.to_string().contains(&blocked), "{error}");
    } else {
        assert_eq!(query(&result.unwrap().url(), "select 1"), "1");
    }
}
