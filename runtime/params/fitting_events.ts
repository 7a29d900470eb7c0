/** Which events of a source make runs. */
import type { Json } from "../../sdk/json.ts";
import { checkInThread } from "./schemas/schema_checker.ts";

/**
 * The events that fit the `when` of their source. A schema that is unusable or too slow
 * holds up no event: all of them fit then.
 * @param fields what the schema sees of an event
 */
export async function fittingEvents<Event>(
  when: Json | undefined,
  events: readonly Event[],
  fields: (event: Event) => unknown,
): Promise<readonly Event[]> {
  if (when === undefined) return events;
  try {
    const fitting: Event[] = [];
    for (const event of events) if (await fits(when, fields(event))) fitting.push(event);
    return fitting;
  } catch {
    return events;
  }
}

async function fits(schema: Json, value: unknown): Promise<boolean> {
  const { problems } = await checkInThread({ schema, value: value as Json });
  return problems === undefined;
}
