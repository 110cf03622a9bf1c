#include <curses.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "screen.h"
#include "words.h"

static struct {
        bool is_on;
        int top; /* the first line shown */
        int key; /* pressed, and not the screen's; 0: none */
        char alarm[256];
        char caption[256];
} screen;

enum { PAIR_GREEN = 1, PAIR_ORANGE, PAIR_RED, PAIR_ALARM };

int screen_start(void)
{
        SCREEN *terminal = newterm(NULL, stdout, stdin);

        if (!terminal)
                return err_raise(-ENOTTY);
        set_term(terminal);
        cbreak();
        noecho();
        nodelay(stdscr, true);
        keypad(stdscr, true);
        curs_set(0);
        if (has_colors()) {
                start_color();
                use_default_colors();
                init_pair(PAIR_GREEN, COLOR_GREEN, -1);
                init_pair(PAIR_ORANGE, COLOR_YELLOW, -1);
                init_pair(PAIR_RED, COLOR_RED, -1);
                init_pair(PAIR_ALARM, COLOR_WHITE, COLOR_RED);
        }
        screen.is_on = true;
        return 0;
}

void screen_stop(void)
{
        if (screen.is_on)
                endwin();
        screen.is_on = false;
}

bool screen_is_on(void)
{
        return screen.is_on;
}

void screen_alarm(const char *name, const char *text)
{
        snprintf(screen.alarm, sizeof(screen.alarm), "*** %s: %s", name, text);
}

/* Colour only repeats what the line says. */
static attr_t attributes(TableStyle style)
{
        switch (style) {
        case TABLE_HEAD:
                return A_BOLD | A_REVERSE;
        case TABLE_LOCATION:
                return A_BOLD;
        case TABLE_GREEN:
                return COLOR_PAIR(PAIR_GREEN);
        case TABLE_ORANGE:
                return COLOR_PAIR(PAIR_ORANGE) | A_BOLD;
        case TABLE_RED:
                return COLOR_PAIR(PAIR_RED) | A_BOLD;
        case TABLE_BLACK:
                return A_REVERSE;
        case TABLE_GREY:
                return A_DIM;
        case TABLE_ALARM:
                return COLOR_PAIR(PAIR_ALARM) | A_BOLD;
        default:
                return A_NORMAL;
        }
}

static void draw(int y, TableStyle style, const char *text)
{
        attrset(attributes(style));
        mvaddnstr(y, 0, text, -1);
        if (style == TABLE_HEAD || style == TABLE_ALARM)
                for (int x = getcurx(stdscr); getcury(stdscr) == y && x < COLS; x++)
                        addch(' ');
        else
                clrtoeol();
        attrset(A_NORMAL);
}

/* A longer line would wrap over the next one. */
static void draw_cut(int y, TableStyle style, const char *text)
{
        wchar_t wide[1024];
        size_t n = mbstowcs(wide, text, N_ELEMENTS(wide) - 1);
        char cut[4096];

        if (n == (size_t)-1 || n <= (size_t)COLS) {
                draw(y, style, text);
                return;
        }
        wide[COLS] = L'\0';
        if (wcstombs(cut, wide, sizeof(cut)) != (size_t)-1)
                draw(y, style, cut);
}

/* The last line of a file that somebody else writes to, at any moment. */
static void read_caption(const char *path)
{
        CLEANUP(freep) char *line = NULL;
        size_t n_line = 0;
        FILE *file = path ? fopen(path, "re") : NULL;

        if (!file)
                return;
        while (getline(&line, &n_line, file) > 0) {
                line[strcspn(line, "\n")] = '\0';
                snprintf(screen.caption, sizeof(screen.caption), "%s", line);
        }
        fclose(file);
}

/* Up to the first that is not ours. Returns true for q. */
static bool read_keys(int n_lines, int n_shown)
{
        int most = MAX(n_lines - n_shown, 0);

        for (int key; !screen.key && (key = getch()) != ERR;)
                switch (key) {
                case 'q':
                case 'Q':
                        return true;
                case KEY_DOWN:
                case 'j':
                        screen.top++;
                        break;
                case KEY_UP:
                case 'k':
                        screen.top--;
                        break;
                case KEY_NPAGE:
                case ' ':
                        screen.top += n_shown;
                        break;
                case KEY_PPAGE:
                        screen.top -= n_shown;
                        break;
                case KEY_RESIZE:
                        break;
                default:
                        screen.key = key;
                }
        screen.top = MAX(MIN(screen.top, most), 0);
        return false;
}

int screen_take_key(void)
{
        int key = screen.key;

        screen.key = 0;
        return key;
}

int screen_columns(void)
{
        return COLS;
}

/* What is not to be seen, and how to get there. */
static void draw_more(int y, int n_above, int n_below, Language language)
{
        char text[160];

        snprintf(text, sizeof(text), "%d %s, %d %s: %s", n_above, word(language, "above"), n_below,
                 word(language, "below"), word(language, "PgUp, PgDn, Up, Down; a: seen; q ends"));
        draw_cut(y, TABLE_HEAD, text);
}

bool screen_show(const Table *table, const char *caption, const char *note, Language language)
{
        int n_lines = (int)table->n_lines - 1; /* the head stays */
        int first = *screen.alarm ? 2 : 1;
        int last = LINES - (caption ? 2 : 0) - (*note ? 1 : 0);
        int n_shown = MAX(last - first, 1);
        bool fits = n_lines <= n_shown;

        if (!fits)
                n_shown = MAX(n_shown - 1, 1);
        if (read_keys(n_lines, n_shown))
                return true;

        erase();
        if (*screen.alarm)
                draw_cut(1, TABLE_ALARM, screen.alarm);
        if (table->n_lines)
                draw_cut(0, table->lines[0].style, table->lines[0].text);
        for (int i = 0; i < n_shown && screen.top + i < n_lines; i++) {
                const TableLine *line = &table->lines[1 + screen.top + i];

                draw_cut(first + i, line->style, line->text);
        }
        if (!fits)
                draw_more(last - 1, screen.top, n_lines - screen.top - n_shown, language);
        if (*note)
                draw_cut(last, TABLE_HEAD, note);
        if (caption) {
                read_caption(caption);
                draw_cut(LINES - 1, TABLE_HEAD, screen.caption);
        }
        refresh();
        return false;
}

int screen_wait(int fd, int timeout_ms)
{
        struct pollfd fds[] = {
                { .fd = fd, .events = POLLIN },
                { .fd = STDIN_FILENO, .events = POLLIN },
        };

        if (poll(fds, N_ELEMENTS(fds), timeout_ms) < 0 && errno != EINTR)
                return err_raise(-errno);
        return 0;
}

bool screen_has_key(void)
{
        struct pollfd keyboard = { .fd = STDIN_FILENO, .events = POLLIN };

        return poll(&keyboard, 1, 0) > 0;
}
