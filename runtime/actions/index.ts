/** What people do. The page and the command line change state only through these; each leaves an audit row. */
export { type AssetUpdateRequest, updateAsset } from "./assets.ts";
export { type CancelRequest, cancelRun } from "./cancel.ts";
export { type Deployment, deployFolder } from "./deploy.ts";
export { type EventSourceDone, type EventsRequest, installEvents, uninstallEvents } from "./events.ts";
export { type PauseRequest, pauseDag, unpauseDag } from "./pause.ts";
export { type RollbackRequest, rollbackDag } from "./rollback.ts";
export { checkParams, type TriggerRequest, triggerRun } from "./trigger.ts";
export { receiveWebhook, type WebhookRequest, type WebhookRun } from "./webhook.ts";
