// The module as anywidget wants it.

export default { render };
