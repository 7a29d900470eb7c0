/** Messages for SQS and SNS as requests, and what their errors say. */
import { FailTask } from "dagsmith";
import { sqsQueue } from "dagsmith/plugins/aws";
import { describe, expect, test } from "vitest";
import { awsError } from "../../../plugins/aws/aws_error.ts";
import {
  type AwsMessage,
  type Entry,
  refuse,
  requestsOf,
} from "../../../plugins/aws/messages/message.ts";
import { waitSeconds } from "../../../plugins/aws/messages/sqs_reader.ts";

async function requests(messages: readonly AwsMessage[]): Promise<(readonly Entry[])[]> {
  const found: (readonly Entry[])[] = [];
  for await (const entries of requestsOf(messages)) found.push(entries);
  return found;
}

describe("a request", () => {
  test("without a body for a message is refused", async () => {
    await expect(requests([{ body: "" }])).rejects.toThrow(FailTask);
    await expect(requests([{ body: undefined as never }])).rejects.toThrow("has no body");
  });

  test("has at most 10 messages and 256 KiB, with ids from 0; a larger message is alone", async () => {
    const bodies = [...Array(12).fill("x"), "y".repeat(200_000), "z".repeat(300_000), "end"];
    const found = await requests(bodies.map((body) => ({ body })));
    expect(found.map((entries) => entries.map(({ Id }) => Id).join(""))).toEqual([
      ...["0123456789", "012", "0", "0"],
    ]);
  });

  test("has values as JSON, attributes as texts, and the ids of FIFO", async () => {
    const message = {
      body: { n: 1 },
      attributes: { kind: "a" },
      groupId: "g",
      deduplicationId: "d",
    };
    expect(await requests([message])).toEqual([
      [
        {
          ...{ Id: "0", text: '{"n":1}', MessageGroupId: "g", MessageDeduplicationId: "d" },
          MessageAttributes: { kind: { DataType: "String", StringValue: "a" } },
        },
      ],
    ]);
  });

  test("of which the service refuses messages is an error; a fault of the sender is not retried", () => {
    const failed = (SenderFault: boolean) => () =>
      refuse("SQS q", [{ Code: "InvalidMessage", Message: "no", SenderFault }]);
    expect(failed(true)).toThrow(FailTask);
    expect(failed(false)).toThrow(
      "SQS q: 1 messages of a request were refused; InvalidMessage: no",
    );
    expect(failed(false)).not.toThrow(FailTask);
    refuse("SQS q", []);
  });
});

test.each(["QueueDoesNotExist", "NotFoundException"])("%s fails with advice", (name) => {
  const error = Object.assign(new Error("gone"), { name, $metadata: { httpStatusCode: 400 } });
  const made = awsError("SQS GetQueueUrl q", "Amazon SQS", error);
  expect(made).toBeInstanceOf(FailTask);
  expect((made as Error).message).toBe(
    `SQS GetQueueUrl q: ${name}: gone; create it, or check its name and extra.region_name of the connection`,
  );
});

test("a source has the name of its queue, also of a URL or a FIFO queue", () => {
  const names = ["orders", "https://sqs.eu-west-1.amazonaws.com/1/orders", "orders.fifo"].map(
    (queue) => sqsQueue({ aws: "aws", queue }).spec.name,
  );
  expect(names).toEqual(["orders", "orders", "orders_fifo"]);
});

test("SQS waits for less than a second as for a whole one, and never longer than it may", () => {
  expect([0, 1, 999, 1_000, 10_000, 60_000].map(waitSeconds)).toEqual([0, 1, 1, 1, 10, 20]);
});
