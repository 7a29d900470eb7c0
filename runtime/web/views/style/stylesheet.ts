/**
 * The one stylesheet, made of a file next to each view. The order counts: where two rules
 * match, the later one must win.
 */
import { readFileSync } from "node:fs";

const VIEWS = new URL("../", import.meta.url);

const FILES = [
  "style/theme.css",
  "style/base.css",
  "frame/frame.css",
  "frame/header.css",
  "parts/controls.css",
  "frame/menu.css",
  "parts/forms.css",
  "params/params.css",
  "params/question.css",
  "parts/states.css",
  "style/errors.css",
  "lists/lists.css",
  "lists/bulk.css",
  "parts/bars.css",
  "home/attention.css",
  "dag/grid.css",
  "dag/code.css",
  "dag/docs.css",
  "dag/history.css",
  "calendar/calendar.css",
  "graph/graph.css",
  "data/assets.css",
  "lists/groups.css",
  "run/tasks.css",
  "lists/callbacks.css",
  "values/json.css",
  "task/task.css",
  "task/log.css",
  "task/panel.css",
  "style/screens.css",
  "backfills/backfills.css",
  "run/annotations.css",
  "access/access.css",
  "design/design.css",
  "search/search.css",
];

/** The text of the stylesheet. A build copies the files next to the compiled code. */
export function readStylesheet(): string {
  return FILES.map((file) => readFileSync(new URL(file, VIEWS), "utf8")).join("\n");
}
