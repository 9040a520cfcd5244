#!/bin/bash
# Run by LocalStack once it answers: creates every queue the example pipelines name, each with its dead-letter queue.
# The compose file takes LocalStack for healthy only after this has ended well.
set -euo pipefail

region=${AWS_REGION:-us-east-1}
account=000000000000 # LocalStack's account for the key id `test`

# Deliveries before SQS itself moves a message on. `runner` dead-letters with a reason long before; this is the net
# for messages that no runner ever settles.
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
