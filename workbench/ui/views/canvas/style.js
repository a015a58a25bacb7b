// The rules of all views. Python puts view.css and edges.css here: see modules.py.

export const STYLE = "";
