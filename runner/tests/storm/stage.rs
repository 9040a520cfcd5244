//! The real parts around the replicas: PostgreSQL behind a proxy for each replica, the SQS endpoint, tables and files.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use devstack::postgres::{Postgres, PostgresOptions};
use devstack::proxy::Proxy;
use devstack::sqs::{Sqs, SqsOptions};
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool};

/// Replicas of `runner run` on the same queues.
pub(crate) const REPLICAS: usize = 2;
/// The queues; each has a dead-letter queue.
pub(crate) const QUEUES: [&str; 3] = ["orders", "claims", "states.fifo"];

/// Whether a queue keeps the order of its groups.
pub(crate) fn is_fifo(queue: &str) -> bool {
    // SQS has the suffix in lower case only.
    queue.strip_suffix(".fifo").is_some()
}

/// Everything a storm runs on.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) sqs: Sqs,
    pub(crate) client: Client,
    pub(crate) pool: PgPool,
    pub(crate) database: String,
    /// One before PostgreSQL for each replica.
    pub(crate) proxies: [Proxy; REPLICAS],
    /// Pipeline files, schemas and logs.
    pub(crate) home: tempfile::TempDir,
    postgres: Postgres,
}

/// The dead-letter queue of a queue.
pub(crate) fn dlq(queue: &str) -> String {
    match queue.strip_suffix(".fifo") {
        Some(name) => format!("{name}-dlq.fifo"),
        None => format!("{queue}-dlq"),
    }
}

impl Stage {
    pub(crate) async fn build() -> Self {
        let postgres = Postgres::start(&PostgresOptions::default()).expect("PostgreSQL starts");
        let sqs = Sqs::start(SqsOptions::default()).expect("the SQS endpoint starts");
        let database = postgres.create_database("storm").expect("a database");
        let address = ([127, 0, 0, 1], postgres.port()).into();
        let proxies = [(); REPLICAS].map(|()| Proxy::start(address).expect("the proxy starts"));
        let stage = Self {
            client: client(sqs.endpoint()),
            pool: PgPool::connect(&database).await.expect("PostgreSQL answers"),
            home: tempfile::tempdir().expect("a folder"),
            sqs,
            database,
            proxies,
            postgres,
        };
        stage.trust_connections().await;
        stage.execute(include_str!("tables.sql")).await;
        stage.write_files();
        for queue in QUEUES {
            stage.create_queue(&dlq(queue)).await;
            stage.create_queue(queue).await;
        }
        stage
    }

    /// Lets every user in without a password: hashing it for thousands of new connections would be most of the work.
    async fn trust_connections(&self) {
        let file = self.postgres.data_dir().join("pg_hba.conf");
        std::fs::write(file, "host all all 127.0.0.1/32 trust\n").expect("the file of rules is written");
        self.execute("SELECT pg_reload_conf()").await;
    }

    fn write_files(&self) {
        let pipelines = self.home.path().join("pipelines");
        std::fs::create_dir(&pipelines).expect("a folder");
        let files = [
            ("orders.yaml", include_str!("pipelines/orders.yaml")),
            ("claims.yaml", include_str!("pipelines/claims.yaml")),
            ("states.yaml", include_str!("pipelines/states.yaml")),
            ("order.schema.json", include_str!("pipelines/order.schema.json")),
            ("claim.schema.json", include_str!("pipelines/claim.schema.json")),
            ("state.schema.json", include_str!("pipelines/state.schema.json")),
        ];
        for (name, text) in files {
            std::fs::write(pipelines.join(name), text).expect("a file");
        }
    }

    async fn create_queue(&self, name: &str) {
        let mut request = self.client.create_queue().queue_name(name);
        if is_fifo(name) {
            request = request.attributes(Name::FifoQueue, "true");
        }
        request.send().await.expect("the queue is created");
    }

    /// The log of a replica, over all its starts.
    pub(crate) fn log(&self, replica: usize) -> PathBuf {
        self.home.path().join(format!("replica-{replica}.log"))
    }

    /// The address of a queue.
    pub(crate) fn url(&self, queue: &str) -> String {
        format!("{}/000000000000/{queue}", self.sqs.endpoint())
    }

    /// Messages of a queue that wait, and those that are in flight.
    pub(crate) async fn counts(&self, queue: &str) -> [usize; 2] {
        let request = self.client.get_queue_attributes().queue_url(self.url(queue)).attribute_names(Name::All);
        let answer = request.send().await.expect("the queue answers");
        let attributes = answer.attributes.expect("all attributes");
        [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible]
            .map(|name| attributes[&name].parse().expect("a number"))
    }

    /// Messages of all queues that wait, and those that are in flight.
    pub(crate) async fn all_counts(&self) -> [usize; 2] {
        let mut sum = [0, 0];
        for queue in QUEUES {
            let [waiting, in_flight] = self.counts(queue).await;
            sum = [sum[0] + waiting, sum[1] + in_flight];
        }
        sum
    }

    /// Executes statements that must succeed; a lock or a deadlock is waited out.
    pub(crate) async fn execute(&self, sql: &str) {
        let began = Instant::now();
        while let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await {
            assert!(began.elapsed() < Duration::from_mins(1), "{sql}: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The one number of a query.
    pub(crate) async fn scalar(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await.expect("the query runs")
    }
}

fn client(endpoint: &str) -> Client {
    use aws_sdk_sqs::config::retry::RetryConfig;
    use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        // A call that is repeated after it took effect would send an event twice, which no plan expects.
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}
