/** What a postgres connection means, TLS above all. */
import { parseConnection } from "dagsmith";
import { expect, test } from "vitest";
import { postgresConnection } from "../../../plugins/postgres/connection.ts";

const config = (uri: string) => postgresConnection.read(parseConnection("lake", uri));

test("the fields of the URI, with PostgreSQL's defaults", () => {
  expect(
    config("postgres://etl:p%40ss@db:6432/lake?application_name=x&connect_timeout=3"),
  ).toMatchObject({
    ...{
      host: "db",
      port: 6432,
      user: "etl",
      password: "p@ss",
      database: "lake",
      application_name: "x",
      connectionTimeoutMillis: 3000,
      ssl: false,
    },
  });
  expect(config("postgres://")).toMatchObject({ host: "localhost", port: 5432 });
});

test.each([
  ["disable", false],
  ["prefer", false],
  ["require", { rejectUnauthorized: false, checkServerIdentity: expect.any(Function) }],
  ["verify-ca", { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) }],
  ["verify-full", { rejectUnauthorized: true }],
])("sslmode %s", (mode, ssl) => {
  expect(config(`postgres://db?sslmode=${mode}`).ssl).toEqual(ssl);
});

test("a mode or a certificate that cannot be meant is refused, without repeating it", () => {
  expect(() => config("postgres://db?sslmode=verify_full")).toThrow(
    "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full",
  );
  expect(() => config("postgres://db?sslmode=require&sslrootcert=/etc/ca.pem")).toThrow(
    "sslrootcert is not PEM text",
  );
  const broken = encodeURIComponent("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
  expect(() => config(`postgres://db?sslmode=verify-full&sslrootcert=${broken}`)).toThrow(
    "sslrootcert is not a certificate",
  );
});
