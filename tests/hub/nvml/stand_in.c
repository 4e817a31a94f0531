/* A stand-in for NVIDIA's management library on machines without a GPU: as much of it as autograder/hub/gpus/nvml.py
   calls, with NVML's own names and types. What its devices say stands in the file that STAND_IN_NVML names, one
   device a line: identifier, percent (-1: it does not say), MiB used, MiB in all. It is read at each question, so
   that a test can change it while a server runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 16
enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, DRIVER_NOT_LOADED = 9 };
struct device { char uuid[96]; int busy; unsigned long long used, total; };
struct utilization { unsigned int gpu, memory; };
struct memory { unsigned long long total, free, used; };
static struct device devices[MOST];
static int opened = 0;

static int look(void) {
    const char *name = getenv("STAND_IN_NVML");
    FILE *file = name ? fopen(name, "r") : NULL;
    int count = 0;
    if (!file) return -1;
    while (count < MOST && fscanf(file, "%95s %d %llu %llu", devices[count].uuid, &devices[count].busy,
                                  &devices[count].used, &devices[count].total) == 4)
        count++;
    fclose(file);
    return count;
}

int nvmlInit_v2(void) { opened = look() >= 0; return opened ? SUCCESS : DRIVER_NOT_LOADED; }
int nvmlShutdown(void) { opened = 0; return SUCCESS; }

int nvmlDeviceGetCount_v2(unsigned int *count) {
    int found = look();
    if (!opened || found < 0) return DRIVER_NOT_LOADED;
    *count = (unsigned int)found;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, struct device **device) {
    if ((int)index >= look()) return INVALID_ARGUMENT;
    *device = &devices[index];
    return SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, struct device **device) {
    for (int index = 0, count = look(); index < count; index++)
        if (!strcmp(devices[index].uuid, uuid)) { *device = &devices[index]; return SUCCESS; }
    return NOT_FOUND;
}

int nvmlDeviceGetUUID(struct device *device, char *uuid, unsigned int length) {
    snprintf(uuid, length, "%s", device->uuid);
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(struct device *device, struct utilization *use) {
    if (device->busy < 0) return NOT_SUPPORTED;
    use->gpu = (unsigned int)device->busy;
    use->memory = 0;
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(struct device *device, struct memory *memory) {
    memory->used = device->used << 20;
    memory->total = device->total << 20;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}
