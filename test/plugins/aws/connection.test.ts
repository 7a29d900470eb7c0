/** What connections to AWS mean. */
import { type Connection, parseConnection } from "dagsmith";
import { expect, test } from "vitest";
import { awsConnection } from "../../../plugins/aws/connection.ts";
import { redshiftConnection } from "../../../plugins/aws/redshift_connection.ts";

const aws = (fields: object): Connection =>
  parseConnection("lake", JSON.stringify({ type: "aws", ...fields }));
const redshift = (fields: object): Connection =>
  parseConnection("wh", JSON.stringify({ type: "redshift", ...fields }));

const s3Of = (connection: Connection) => awsConnection.read(connection).s3;
const targetOf = (connection: Connection) => redshiftConnection.read(connection).target;

test("an empty connection leaves everything to the SDK's default chain", () => {
  expect(s3Of(aws({}))).toEqual({});
});

test("login and password, or the fields of extra, are the access key", () => {
  const credentials = { accessKeyId: "AKIA", secretAccessKey: "secret" };
  expect(s3Of(parseConnection("lake", "aws://AKIA:secret@?region_name=eu-west-1"))).toEqual({
    region: "eu-west-1",
    credentials,
  });
  const extra = {
    aws_access_key_id: "AKIA",
    aws_secret_access_key: "secret",
    aws_session_token: "token",
    region: "us-west-2",
  };
  expect(s3Of(aws({ extra }))).toEqual({
    region: "us-west-2",
    credentials: { ...credentials, sessionToken: "token" },
  });
  expect(() => s3Of(aws({ login: "AKIA" }))).toThrow(
    "an access key needs both its id (login) and its secret (password)",
  );
});

test("an endpoint may be given for a service, for all, or as the host", () => {
  const extra = { endpoint_url: "http://all:1", s3_endpoint_url: "http://s3:2" };
  expect(s3Of(aws({ extra })).endpoint).toBe("http://s3:2");
  expect(redshiftConnection.read(redshift({ host: "lake", extra })).config.endpoint).toBe(
    "http://all:1",
  );
  expect(s3Of(aws({ host: "https://minio:9000" }))).toEqual({
    endpoint: "https://minio:9000",
    region: "us-east-1",
  });
  expect(() => s3Of(aws({ extra: { endpoint_url: "minio:9000" } }))).toThrow(
    "begins with http:// or https://",
  );
});

test("a redshift connection names a cluster, its endpoint, or a workgroup; its login is a database user", () => {
  expect(targetOf(redshift({ host: "lake", login: "etl", schema: "prod" }))).toEqual({
    ...{ Database: "prod", ClusterIdentifier: "lake", DbUser: "etl" },
  });
  expect(
    targetOf(redshift({ host: "lake.abc.eu-west-1.redshift.amazonaws.com" })).ClusterIdentifier,
  ).toBe("lake");
  expect(targetOf(redshift({ login: "etl", extra: { workgroup_name: "wg" } }))).toEqual({
    Database: "dev",
    WorkgroupName: "wg",
  });
  const extra = { cluster_identifier: "lake", secret_arn: "arn:secret" };
  expect(targetOf(redshift({ login: "etl", extra }))).toEqual({
    Database: "dev",
    ClusterIdentifier: "lake",
    SecretArn: "arn:secret",
  });
  expect(
    redshiftConnection.read(redshift({ host: "lake", login: "etl", password: "pw" })).config,
  ).toEqual({});
  expect(() => targetOf(redshift({ host: "http://localhost:1" }))).toThrow("host names no cluster");
});
