/** The one script of every page. Each part looks for what it makes live, and does nothing where there is none. */
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
