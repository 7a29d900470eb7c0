/**
 * The one script of every page. Each part finds its elements, and does nothing on pages
 * without them.
 */
import { startFolds } from "./folds.ts";
import { startForms } from "./forms.ts";
import { startGraph } from "./graph.ts";
import { startKeys } from "./keys.ts";
import { startLive } from "./live.ts";
import { startLog } from "./log.ts";
import { startPalette } from "./palette.ts";
import { startPanel } from "./panel.ts";
import { startPicks } from "./picks.ts";
import { startTabs } from "./tabs.ts";
import { startTheme } from "./theme.ts";
import { startTimes } from "./times.ts";

// Styles show what works only with a script.
document.body.dataset.script = "";
startTimes();
startTabs();
startPicks();
startPalette();
startKeys();
startTheme();
startForms();
startFolds();
startPanel();
startGraph();
startLog();
startLive();
