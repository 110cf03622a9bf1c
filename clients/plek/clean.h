#pragma once

/* Makes blanks of what a terminal, or a program, would take for a command: the control characters
 * of ASCII and of Unicode. In place; @text is UTF-8. */
void clean(char *text);
