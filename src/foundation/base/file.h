/* SPDX-License-Identifier: Apache-2.0 */
/* Files as whole things: read with a limit, replace atomically, make folders. Used at the edges, never on the packet path. */
#ifndef SK_BASE_FILE_H
#define SK_BASE_FILE_H

#include "base/buf.h"

/* Read a whole regular file into buf (appended, within its limit). SK_ENOENT, SK_EIO, SK_ETOOBIG, SK_ENOTCAPTURE for a directory. */
SK_MUST enum sk_err sk_file_read(const char *path, struct sk_buf *buf, struct sk_fault *fault);
/* Replace path with the bytes: temporary file beside it, fsync, rename, fsync of the folder. mode as in open(2).
   On any error path is untouched and the temporary file is gone. SK_EIO, SK_ENOSPC. */
SK_MUST enum sk_err sk_file_replace(const char *path, const void *bytes, size_t length, unsigned mode, struct sk_fault *fault);
/* Make a folder and its parents (mode for the ones made). An existing folder is fine. SK_EIO, SK_ENOSPC. */
SK_MUST enum sk_err sk_file_make_folder(const char *path, unsigned mode, struct sk_fault *fault);
/* fsync a folder, so that a rename in it survives power loss. SK_EIO. */
SK_MUST enum sk_err sk_file_sync_folder(const char *path, struct sk_fault *fault);
/* Refuse a secret file that group or others can read: SK_EPERMS; SK_ENOENT when absent. */
SK_MUST enum sk_err sk_file_check_private(const char *path, struct sk_fault *fault);
/* Does the path exist? */
bool sk_file_exists(const char *path);
/* Join "folder/name" into path[size]. SK_ETOOBIG when it does not fit. */
SK_MUST enum sk_err sk_file_join(char *path, size_t size, const char *folder, const char *name);

enum { SK_PATH_MAX = 4096 };

#endif
