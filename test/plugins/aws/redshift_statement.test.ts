/** How statements are put into the Data API's form. */

import { identifier, sql } from "dagsmith";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { renderStatements } from "../../../plugins/aws/redshift_statement.ts";

test("texts and dates are named parameters, counted through all statements of a batch", () => {
  const day = DateTime.fromISO("2018-01-05T00:00:00Z", { zone: "UTC" });
  expect(
    renderStatements([
      sql`select ${"a"}, ${day} from ${identifier("t")}`,
      sql`select ${"'; drop table t --"}`,
    ]),
  ).toEqual({
    texts: ['select :p1, :p2 from "t"', "select :p3"],
    parameters: [
      { name: "p1", value: "a" },
      { name: "p2", value: "2018-01-05T00:00:00.000Z" },
      { name: "p3", value: "'; drop table t --" },
    ],
  });
});

test("what the Data API refuses or would take for text is a literal: null, the empty text, numbers, booleans", () => {
  const { texts, parameters } = renderStatements([
    sql`select ${null}, ${""}, ${5}, 1 -${-5}, ${1.5e-7}, ${12345678901234567890n}, ${-0}, ${true}`,
  ]);
  expect(texts).toEqual(["select null, '', 5, 1 -(-5), 1.5e-7, 12345678901234567890, (0), true"]);
  expect(parameters).toEqual([]);
});

test("lists, bytes and numbers that are none are refused", () => {
  expect(() => renderStatements([sql`${[1]}`])).toThrow("Redshift cannot bind a list or bytes");
  expect(() => renderStatements([sql`${new Uint8Array(1)}`])).toThrow(
    "Redshift cannot bind a list or bytes",
  );
  expect(() => renderStatements([sql`${Number.NaN}`])).toThrow("Redshift cannot bind NaN");
});
