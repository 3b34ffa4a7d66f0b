import { typeset } from "./typesetting.js";

// For the site's own pages, which have no other script.
typeset(document.body);
