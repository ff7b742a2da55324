/* A stand-in for NVIDIA's libnvidia-ml.so.1 on machines without a GPU, for the real Python binding to load.

   Its cards are read from the file named by LABTOOLS_TEST_GPUS at each question, so a test can change them while lanes
   work. One line each:

     gpu BUS_ID UUID TOTAL_MB USED_MB MIG(0|1) ok|lost|hang NAME...
     process UUID PID MB C|G
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, NOT_LOADED = 9, ABSENT = 12, LOST = 15 };
enum { MOST = 16 };

typedef struct { char bus[32], uuid[96], state[8], name[96]; unsigned long long total, used; unsigned mig; } Card;
typedef struct { char uuid[96], kind; unsigned pid; unsigned long long bytes; } Process;

static Card cards[MOST];
static Process processes[MOST];
static int card_count, process_count;

static int load(void) {
    const char *path = getenv("LABTOOLS_TEST_GPUS");
    if (!path) return ABSENT;
    FILE *file = fopen(path, "r");
    if (!file) return NOT_LOADED;
    char line[512];
    card_count = process_count = 0;
    while (fgets(line, sizeof line, file)) {
        Card *c = &cards[card_count];
        Process *p = &processes[process_count];
        if (card_count < MOST && sscanf(line, "gpu %31s %95s %llu %llu %u %7s %95[^\n]", c->bus, c->uuid, &c->total,
                                        &c->used, &c->mig, c->state, c->name) == 7) card_count++;
        else if (process_count < MOST &&
                 sscanf(line, "process %95s %u %llu %c", p->uuid, &p->pid, &p->bytes, &p->kind) == 4) process_count++;
    }
    fclose(file);
    return card_count ? SUCCESS : NOT_LOADED;
}

/* A handle is the number of a card in the file, from 1. */
static Card *card(void *handle) { return &cards[(size_t)handle - 1]; }

static int trouble(void *handle) {
    if (!strcmp(card(handle)->state, "hang")) sleep(1000);
    return strcmp(card(handle)->state, "lost") ? SUCCESS : LOST;
}

int nvmlInitWithFlags(unsigned flags) { (void)flags; return load(); }
int nvmlShutdown(void) { return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = card_count; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **handle) { *handle = (void *)(size_t)(i + 1); return SUCCESS; }

int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
    for (int i = 0; i < card_count; i++)
        if (!strcmp(cards[i].uuid, uuid)) { *handle = (void *)(size_t)(i + 1); return SUCCESS; }
    return NOT_FOUND;
}

struct pci { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; };
int nvmlDeviceGetPciInfo_v3(void *handle, struct pci *info) { strcpy(info->bus_id, card(handle)->bus); return SUCCESS; }

struct memory { unsigned long long total, free, used; };
int nvmlDeviceGetMemoryInfo(void *handle, struct memory *room) {
    room->total = card(handle)->total << 20;
    room->used = card(handle)->used << 20;
    room->free = room->total - room->used;
    return trouble(handle);
}

int nvmlDeviceGetUUID(void *handle, char *text, unsigned size) {
    snprintf(text, size, "%s", card(handle)->uuid);
    return trouble(handle);
}
int nvmlDeviceGetName(void *handle, char *text, unsigned size) {
    snprintf(text, size, "%s", card(handle)->name);
    return trouble(handle);
}
int nvmlDeviceGetMigMode(void *handle, unsigned *now, unsigned *later) {
    *now = *later = card(handle)->mig;
    return SUCCESS;
}

struct user { unsigned pid; unsigned long long bytes; unsigned gpu_instance, compute_instance; };
static int list(void *handle, unsigned *count, struct user *users, char kind) {
    unsigned found = 0, room = *count;
    for (int i = 0; i < process_count; i++) {
        if (processes[i].kind != kind || strcmp(processes[i].uuid, card(handle)->uuid)) continue;
        if (users && found < room) users[found] = (struct user){processes[i].pid, processes[i].bytes << 20, -1, -1};
        found++;
    }
    *count = found;
    return found && (!users || found > room) ? TOO_SMALL : SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *h, unsigned *n, struct user *u) { return list(h, n, u, 'C'); }
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *h, unsigned *n, struct user *u) { return list(h, n, u, 'G'); }
