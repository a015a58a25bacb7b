// The module as anywidget wants it.

export const wrap = (render) => ({ render });
