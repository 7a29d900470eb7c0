/**
 * The one script of every page. Each part finds its elements, and does nothing on pages
 * without them.
 */
import { startFolds } from "./folds.ts";
import { startForms } from "./forms.ts";
import { startLive } from "./live.ts";
import { startLog } from "./log.ts";
import { startTimes } from "./times.ts";

startTimes();
startForms();
startFolds();
startLog();
startLive();
