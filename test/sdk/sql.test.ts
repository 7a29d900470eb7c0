/** SQL: no value ever becomes part of the text. */

import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import { identifier, joinSql, type SqlValue, sql, sqlFromTemplate } from "../../sdk/index.ts";
import fc from "../support/fast_check.ts";

const HOSTILE = "'; drop table trips; --";
const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.boolean(),
  fc.bigInt(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.array(fc.string()),
  fc.constantFrom(HOSTILE, "$1", "\u00010\u0001", "{{ x }}", "{% raw %}"),
);

describe("a statement", () => {
  it("keeps its values out of its text", () => {
    expect(sql`select * from t where a = ${HOSTILE} and b in (${1}, ${null})`.render()).toEqual({
      text: "select * from t where a = $1 and b in ($2, $3)",
      values: [HOSTILE, 1, null],
    });
  });

  it("names its placeholders as the database wants them", () => {
    expect(sql`a ${1} b ${2}`.render((position) => `:p${position}`).text).toBe("a :p1 b :p2");
  });

  it("takes statements and identifiers into its text, numbered through", () => {
    const where = sql`where day >= ${"2026-01-01"} and ${identifier("kind")} = ${"x"}`;
    expect(
      sql`select ${1} from ${identifier("lake", "trips")} ${where} limit ${10}`.render(),
    ).toEqual({
      text: 'select $1 from "lake"."trips" where day >= $2 and "kind" = $3 limit $4',
      values: [1, "2026-01-01", "x", 10],
    });
  });

  it("can be joined to others, or to none", () => {
    expect(joinSql([sql`a = ${1}`, sql`b = ${2}`], " and ").render()).toEqual({
      text: "a = $1 and b = $2",
      values: [1, 2],
    });
    expect(joinSql([], ", ").render()).toEqual({ text: "", values: [] });
  });

  it("binds dates as ISO 8601", () => {
    const day = DateTime.fromISO("2026-01-01T00:00", { zone: "Europe/Berlin" });
    const marked = sql`${day} ${"2026"}`.render(undefined, undefined, (iso) => `at ${iso}`);
    expect(marked.values).toEqual([`at ${day.toISO()}`, "2026"]);
    expect(sql`${day} ${new Date(0)}`.render().values).toEqual([
      "2026-01-01T00:00:00.000+01:00",
      "1970-01-01T00:00:00.000Z",
    ]);
  });

  it("refuses an invalid date, which would be bound as null", () => {
    for (const date of [DateTime.fromISO("2026-02-30"), new Date(Number.NaN)]) {
      expect(() => sql`where day >= ${date}`).toThrow(
        expect.objectContaining({ code: "INVALID_DATE" }),
      );
    }
  });

  it("has the same text whatever its values are", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const { text, values } = sql`insert into t values (${a}, ${b})`.render();
        expect(text).toBe("insert into t values ($1, $2)");
        expect(values).toHaveLength(2);
      }),
    );
  });
});

describe("an identifier", () => {
  it.each([
    [["trips"], '"trips"'],
    [["lake", "trips"], '"lake"."trips"'],
    [['a"b'], '"a""b"'],
    [['"; drop table x; --'], '"""; drop table x; --"'],
    [["a.b"], '"a.b"'],
  ])("%j is quoted", (parts, text) => {
    expect(identifier(...parts).render()).toEqual({ text, values: [] });
  });

  it("is quoted as the database that runs the statement reads it", () => {
    const statement = joinSql([sql`select ${1} from ${identifier("lake", "t")}`], "");
    const { text, values } = statement.render(
      () => "?",
      (part) => `\`${part}\``,
    );
    expect([text, values]).toEqual(["select ? from `lake`.`t`", [1]]);
  });

  it("stays one quoted name whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const { text } = identifier(name).render();
        expect(text.slice(1, -1).replaceAll('""', "")).not.toContain('"');
        expect(text.slice(1, -1).replaceAll('""', '"')).toBe(name);
      }),
    );
  });
});

describe("a template", () => {
  it.each([
    [
      "binds what it prints",
      "where a = {{ a }} and b = {{ a }}",
      { text: "where a = $1 and b = $2", values: [HOSTILE, HOSTILE] },
    ],
    ["binds what it echoes", "{% echo a %}", { text: "$1", values: [HOSTILE] }],
    [
      "binds what a filter made",
      "{{ a | upcase }}",
      { text: "$1", values: [HOSTILE.toUpperCase()] },
    ],
    [
      "binds each element of a list",
      "in ({% for n in list %}{{ n }}{% unless forloop.last %}, {% endunless %}{% endfor %})",
      { text: "in ($1, $2)", values: [1, 2] },
    ],
    [
      "puts names in place, quoted",
      "from {{ name | identifier }}",
      { text: 'from "tr""ips"', values: [] },
    ],
    [
      "keeps a name that it was assigned",
      "{% assign t = name | identifier %}{{ t }} {{ t }}",
      { text: '"tr""ips" "tr""ips"', values: [] },
    ],
    [
      "decides by a value without printing it",
      "{% if a %}yes{% else %}no{% endif %}",
      { text: "yes", values: [] },
    ],
    [
      "leaves the rest as it is",
      "select '$1', \"x\" -- {# no comment #}",
      { text: "select '$1', \"x\" -- {# no comment #}", values: [] },
    ],
  ])("%s", (_, template, expected) => {
    expect(
      sqlFromTemplate(template, { a: HOSTILE, list: [1, 2], name: 'tr"ips' }).render(),
    ).toEqual(expected);
  });

  it.each([
    ["an unknown variable", "{{ day }}"],
    ["an unknown property", "{{ a.day }}"],
    ["an inherited name", "{{ toString }}{{ constructor }}"],
    ["an unknown filter", "{{ a | shout }}"],
    ["the filter that would print a value as text", "{{ a | raw }}"],
    ["a tag that would keep text as a value", "{% capture x %}{{ a }}{% endcapture %}{{ x }}"],
    ["a tag that would read a file", "{% include 'package.json' %}"],
    ["another tag that would read a file", "{% render './package.json' %}"],
    ["a template of templates", "{% layout 'package.json' %}"],
    ["a placeholder that is not closed", "{{ a"],
    ["the character that marks values", "a \u00010\u0001 {{ a }}"],
    ["an invalid date", "{{ never }}"],
  ])("refuses %s", (_, template) => {
    expect(() => sqlFromTemplate(template, { a: "x", never: DateTime.invalid("x") })).toThrow(
      expect.objectContaining({ code: "INVALID_SQL_TEMPLATE" }),
    );
  });

  it("has the same text whatever its values are", () => {
    const template =
      "select {{ a }} from {{ 't' | identifier }} where {{ b }} = {{ a }}{% if true %} and {{ b | default: 1 }}{% endif %}";
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(sqlFromTemplate(template, { a, b }).render().text).toBe(
          'select $1 from "t" where $2 = $3 and $4',
        );
      }),
    );
  });
});
