/**
 * How values of a result are read: dates and times as ISO 8601 text, because a task's
 * output is JSON and a Date would lose microseconds.
 */
import { type CustomTypesConfig, types } from "pg";

const { DATE, TIMESTAMP, TIMESTAMPTZ } = types.builtins;

/** For the `types` of a client's configuration. */
export const isoTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (oid === DATE) return (value: string) => value;
    if (oid === TIMESTAMP || oid === TIMESTAMPTZ) return isoText;
    return types.getTypeParser(oid, format as "text");
  }) as CustomTypesConfig["getTypeParser"],
};

/**
 * `2018-01-05 04:00:00.5+01` as `2018-01-05T04:00:00.5+01:00`; `infinity` stays as it is.
 */
function isoText(value: string): string {
  return value.replace(
    /^(\d{4,}-\d\d-\d\d) (.*)$/,
    (_, date: string, time: string) => `${date}T${time.replace(/([+-]\d\d)$/, "$1:00")}`,
  );
}
