/** What a task says when the package of its system is not installed. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorWithout } from "../support/without_package.ts";

const LARGE_VALUES = join(process.cwd(), "runtime/large_values/open.ts");
const opening = (hook: string, connection: object): string =>
  `(context) => ${hook}("a").definition.open(${JSON.stringify({ id: "a", extra: {}, ...connection })}, context)`;

const folderOf = (scheme: string, type: string) => ({
  ...{ scheme, bucket: "values", prefix: "" },
  connection: { id: "a", type, host: "lake", extra: {} },
});

const reading = 'async () => { for await (const _ of readRows(pathFile("/nowhere.parquet"))); }';
const writing =
  'async () => { for await (const _ of writeRows("a.parquet", [], [{ name: "a" }])); }';

test.each([
  [
    "hyparquet",
    'const { pathFile, readRows } = await import("dagsmith/plugins/formats");',
    reading,
    "A Parquet file needs the package hyparquet. Run: npm install hyparquet",
  ],
  [
    "hyparquet-writer",
    'const { writeRows } = await import("dagsmith/plugins/formats");',
    writing,
    "A Parquet file needs the package hyparquet-writer. Run: npm install hyparquet-writer",
  ],
  [
    "@aws-sdk/client-s3",
    'const { s3Hook } = await import("dagsmith/plugins/aws");',
    opening("s3Hook", { type: "aws" }),
    "The plugin for S3 needs the package @aws-sdk/client-s3. Run: npm install @aws-sdk/client-s3",
  ],
  [
    "@aws-sdk/lib-storage",
    'const { s3Hook } = await import("dagsmith/plugins/aws");',
    opening("s3Hook", { type: "aws" }),
    "The plugin for S3 needs the package @aws-sdk/lib-storage. Run: npm install @aws-sdk/lib-storage",
  ],
  [
    "@aws-sdk/client-redshift-data",
    'const { redshiftHook } = await import("dagsmith/plugins/aws");',
    opening("redshiftHook", { type: "redshift", host: "lake" }),
    "The plugin for Redshift needs the package @aws-sdk/client-redshift-data. Run: npm install @aws-sdk/client-redshift-data",
  ],
  ...["sqs", "sns"].map((one): [string, string, string, string] => [
    `@aws-sdk/client-${one}`,
    `const { ${one}Hook } = await import("dagsmith/plugins/aws");`,
    opening(`${one}Hook`, { type: "aws" }),
    `The plugin for ${one.toUpperCase()} needs the package @aws-sdk/client-${one}. Run: npm install @aws-sdk/client-${one}`,
  ]),
  [
    "@aws-sdk/client-sts",
    'const { s3Hook } = await import("dagsmith/plugins/aws");',
    `async (context) => (await (${opening("s3Hook", {
      ...{ type: "aws", login: "AKIA", password: "x" },
      extra: { assume_role_arn: "arn:aws:iam::123456789012:role/lake", region_name: "eu-west-1" },
    })})(context)).exists("lake", "a")`,
    "assume_role_arn needs the package @aws-sdk/client-sts. Run: npm install @aws-sdk/client-sts",
  ],
  [
    "octokit",
    'const { githubHook } = await import("dagsmith/plugins/github");',
    opening("githubHook", { type: "github", password: "x" }),
    "githubHook() needs the package octokit. Run: npm install octokit",
  ],
  [
    "@platformatic/kafka",
    'const { kafkaHook } = await import("dagsmith/plugins/kafka");',
    opening("kafkaHook", { type: "kafka", host: "broker" }),
    "kafkaHook() needs the package @platformatic/kafka. Run: npm install @platformatic/kafka",
  ],
  [
    "@aws-sdk/client-s3",
    `const { largeValuesIn } = await import(${JSON.stringify(LARGE_VALUES)});`,
    'async () => largeValuesIn({ bucket: "a", prefix: "" }).read("a")',
    "A folder in S3 needs the package @aws-sdk/client-s3. Run: npm install @aws-sdk/client-s3",
  ],
  [
    "@aws-sdk/lib-storage",
    `const { largeValuesIn } = await import(${JSON.stringify(LARGE_VALUES)});`,
    'async () => largeValuesIn({ bucket: "a", prefix: "" }).read("a")',
    "A folder in S3 needs the package @aws-sdk/lib-storage. Run: npm install @aws-sdk/lib-storage",
  ],
  [
    "@google-cloud/storage",
    `const { largeValuesIn } = await import(${JSON.stringify(LARGE_VALUES)});`,
    `async () => largeValuesIn(${JSON.stringify(folderOf("gs", "google_cloud_platform"))}).read("a")`,
    "gcsHook() needs the package @google-cloud/storage. Run: npm install @google-cloud/storage",
  ],
  [
    "@azure/storage-blob",
    `const { largeValuesIn } = await import(${JSON.stringify(LARGE_VALUES)});`,
    `async () => largeValuesIn(${JSON.stringify(folderOf("az", "wasb"))}).read("a")`,
    "azureBlobHook() needs the package @azure/storage-blob. Run: npm install @azure/storage-blob",
  ],
])("%s is named with what installs it", async (name, imports, task, message) => {
  expect(await errorWithout(name, imports, task)).toEqual(["PACKAGE_MISSING", message]);
});
