/*
 * script.h - the Lua scripts: every change of a task's state is one of these.
 *
 * common/lua/NAME.lua says what each takes and answers; all are safe to send again.
 * The build puts their texts and SHA-1s here. Sending is by EVALSHA; when the server
 * answers NOSCRIPT (it restarted, failed over, or was flushed) the same request goes
 * out again as EVAL, which also loads the script.
 */
#ifndef REDIS_SCRIPT_H
#define REDIS_SCRIPT_H

struct script {
	const char *name;
	const char *sha1; /* 40 hex digits */
	const char *text;
};

extern const struct script script_attach, script_cancel, script_claim, script_configure,
    script_dead_list, script_dead_look, script_dead_remove, script_dead_retry,
    script_finish, script_heartbeat, script_look, script_message, script_peek,
    script_queue, script_submit, script_tick;

#endif
