/** Facets: parts of an event that name who made them and which schema they have. Pure. */

/** A stable name of the program, as the specification asks for. */
export const PRODUCER = "https://www.npmjs.com/package/dagsmith";

/** @param schema version and name of the facet, such as `1-2-0/ParentRunFacet` */
export function facet<Fields extends object>(schema: string, fields: Fields) {
  const [version, name] = schema.split("/");
  const _schemaURL = `https://openlineage.io/spec/facets/${version}/${name}.json#/$defs/${name}`;
  return { _producer: PRODUCER, _schemaURL, ...fields };
}
