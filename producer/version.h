/* version.h - for people who look into the file. */
#ifndef PRODUCER_VERSION_H
#define PRODUCER_VERSION_H

extern const char version_text[];

#endif
