#!/bin/bash
# Creates every queue that the example pipelines use, each with its dead-letter queue. LocalStack runs this script when it
# is ready, and the compose file counts LocalStack as healthy only after the script has succeeded.
set -euo pipefail

region=${AWS_REGION:-us-east-1}
account=000000000000 # the account that LocalStack uses for the key id `test`

# After so many deliveries SQS itself moves a message to the dead-letter queue. runner dead-letters a bad message at its
# first delivery, with a reason. This limit is for messages that no runner ever finishes.
max_receives=10

create() {
    local queue=$1 dlq=$2
    awslocal --region "$region" sqs create-queue --queue-name "$dlq" \
        --attributes '{"MessageRetentionPeriod": "1209600"}'
    awslocal --region "$region" sqs create-queue --queue-name "$queue" \
        --attributes "{\"RedrivePolicy\": \"{\\\"deadLetterTargetArn\\\": \\\"arn:aws:sqs:$region:$account:$dlq\\\", \\\"maxReceiveCount\\\": \\\"$max_receives\\\"}\"}"
}

create "${SQS_QUEUE_NAME:-transactions}" "${SQS_DLQ_QUEUE_NAME:-transactions-dlq}"
create "${ORDERS_QUEUE_NAME:-orders}" "${ORDERS_DLQ_QUEUE_NAME:-orders-dlq}"
create "${READINGS_QUEUE_NAME:-readings}" "${READINGS_DLQ_QUEUE_NAME:-readings-dlq}"
