// Starts the application as soon as the page is there.

import { App } from "./app/app.js";
import { byId } from "./view/dom.js";

byId("too-old").hidden = true;
new App().begin();
