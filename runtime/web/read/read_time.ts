/** Reads the clock of the database: the clock of this host may be another. */
import { databaseTime } from "../../store/reads/clock.ts";
import type { WebServices } from "../http/services.ts";

export function readTime({ reader }: Pick<WebServices, "reader">): Promise<Date> {
  return databaseTime(reader);
}
