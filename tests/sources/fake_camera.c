/* A camera for Video4Linux in user space: loaded before OpenCV (LD_PRELOAD), it answers for /dev/video0 as a
 * kernel driver does, so that OpenCV's own code and ours run as with a webcam. What it has stands in the
 * folder FAKE_CAMERA: `modes`, lines of FOURCC WIDTH HEIGHT RATE..., and one picture each, FOURCC-WIDTHxHEIGHT.
 * FAKE_CAMERA_RATE: what it really gives, whatever it says. FAKE_CAMERA_FULL: a FOURCC that its USB port has no
 * room for. A picture that begins while no buffer is queued is lost, as it is with a real one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PATH "/dev/video0"
#define ROOM (8 << 20)
struct mode { unsigned fourcc, width, height, rates[8], count; };
static struct mode modes[64];
static int total = -1, devices[16], opened, streaming_fd = -1;
static struct mode *now_mode = modes;
static unsigned now_rate, buffers;
static double queued[32], started, last;
static int order[32], head, tail;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void load(void) {
    char path[512], line[256];
    snprintf(path, sizeof path, "%s/modes", getenv("FAKE_CAMERA"));
    FILE *file = fopen(path, "r");
    for (total = 0; file && total < 64 && fgets(line, sizeof line, file);) {
        struct mode *m = modes + total;
        char name[5] = "    ";
        unsigned *r = m->rates;
        int n = sscanf(line, "%4s %u %u %u %u %u %u", name, &m->width, &m->height, r, r + 1, r + 2, r + 3);
        for (int i = strlen(name); i < 4; i++) name[i] = ' ';
        if (n < 4) continue;
        m->count = n - 3;
        m->fourcc = v4l2_fourcc(name[0], name[1], name[2], name[3]);
        total++;
    }
    if (file) fclose(file);
    now_rate = modes[0].rates[0];
}

static int answers_for(int fd) {
    for (int i = 0; i < opened; i++) if (devices[i] == fd) return 1;
    return 0;
}

static int open_it(const char *name, int flags, int mode, const char *symbol) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, symbol);
    if (strcmp(name, PATH) || !getenv("FAKE_CAMERA")) return real(name, flags, mode);
    if (total < 0) load();
    int fd = memfd_create("camera", 0);
    if (ftruncate(fd, (off_t)32 * ROOM)) return -1;
    for (int i = 0; i < opened; i++) if (devices[i] == fd) return fd;
    devices[opened++ % 16] = fd;
    return fd;
}

int open(const char *name, int flags, ...) {
    va_list list; va_start(list, flags);
    int mode = va_arg(list, int); va_end(list);
    return open_it(name, flags, mode, "open");
}

int open64(const char *name, int flags, ...) {
    va_list list; va_start(list, flags);
    int mode = va_arg(list, int); va_end(list);
    return open_it(name, flags, mode, "open64");
}

static int refuse(int code) { errno = code; return -1; }

static void set_format(struct v4l2_pix_format *pix) {
    struct mode *best = NULL;
    for (int i = 0; i < total; i++) {
        struct mode *m = modes + i;
        long apart = labs((long)m->width * m->height - (long)pix->width * pix->height);
        if (m->fourcc != pix->pixelformat) continue;
        if (!best || apart < labs((long)best->width * best->height - (long)pix->width * pix->height)) best = m;
    }
    now_mode = best ? best : modes;  /* an unknown format becomes its first, as with uvcvideo */
    now_rate = now_mode->rates[0];
}

static void tell_format(struct v4l2_pix_format *pix) {
    memset(pix, 0, sizeof *pix);
    pix->width = now_mode->width, pix->height = now_mode->height;
    pix->pixelformat = now_mode->fourcc, pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = 0, pix->sizeimage = ROOM;
}

static int enumerate(unsigned long request, void *argument) {
    struct v4l2_fmtdesc *f = argument;
    struct v4l2_frmsizeenum *s = argument;
    struct v4l2_frmivalenum *v = argument;
    unsigned found = 0;
    for (int i = 0; i < total; i++) {
        struct mode *m = modes + i;
        if (request == VIDIOC_ENUM_FMT) {
            if (f->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return refuse(EINVAL);
            int first = 1;
            for (int j = 0; j < i; j++) first &= modes[j].fourcc != m->fourcc;
            if (!first || found++ != f->index) continue;
            f->pixelformat = m->fourcc;
            return 0;
        }
        if (request == VIDIOC_ENUM_FRAMESIZES && m->fourcc == s->pixel_format && found++ == s->index) {
            s->type = V4L2_FRMSIZE_TYPE_DISCRETE;
            s->discrete.width = m->width, s->discrete.height = m->height;
            return 0;
        }
        if (request == VIDIOC_ENUM_FRAMEINTERVALS && m->fourcc == v->pixel_format && m->width == v->width
            && m->height == v->height && v->index < m->count) {
            v->type = V4L2_FRMIVAL_TYPE_DISCRETE;
            v->discrete.numerator = 1, v->discrete.denominator = m->rates[v->index];
            return 0;
        }
    }
    return refuse(EINVAL);
}

static int control(unsigned long request, void *argument) {
    int slow = getenv("FAKE_CAMERA_RATE") != NULL;
    struct v4l2_control *c = argument;
    struct v4l2_queryctrl *q = argument;
    if (request == VIDIOC_G_CTRL && c->id == V4L2_CID_EXPOSURE_AUTO) return c->value = 3, 0;
    if (request == VIDIOC_G_CTRL && c->id == V4L2_CID_EXPOSURE_AUTO_PRIORITY) return c->value = slow, 0;
    if (request == VIDIOC_QUERYCTRL && q->id == V4L2_CID_EXPOSURE_AUTO_PRIORITY)
        return strcpy((char *)q->name, "Exposure, Dynamic Framerate"), 0;
    return refuse(EINVAL);
}

static int take(int fd, struct v4l2_buffer *b) {
    if (head == tail) return refuse(EAGAIN);
    double rate = getenv("FAKE_CAMERA_RATE") ? atof(getenv("FAKE_CAMERA_RATE")) : now_rate;
    int index = order[head++ % 32];
    double begun = ceil((queued[index] - started) * rate - 1e-6);
    last = fmax(last + 1, begun + 1);
    double wait = started + last / rate - seconds();
    if (wait > 0) usleep((useconds_t)(wait * 1e6));
    char path[512], bytes[5] = {0};
    memcpy(bytes, &now_mode->fourcc, 4);
    snprintf(path, sizeof path, "%s/%s-%ux%u", getenv("FAKE_CAMERA"), bytes, now_mode->width, now_mode->height);
    FILE *file = fopen(path, "r");
    static char picture[ROOM];
    size_t size = file ? fread(picture, 1, ROOM, file) : 0;
    if (file) fclose(file);
    if (pwrite(fd, picture, size, (off_t)index * ROOM) < 0) return -1;
    b->index = index, b->bytesused = size, b->length = ROOM, b->flags = V4L2_BUF_FLAG_DONE;
    return 0;
}

static int answer(int fd, unsigned long request, void *argument) {
    struct v4l2_format *format = argument;
    struct v4l2_streamparm *parm = argument;
    struct v4l2_requestbuffers *wanted = argument;
    struct v4l2_capability *capability = argument;
    struct v4l2_buffer *b = argument;
    char *full = getenv("FAKE_CAMERA_FULL");
    switch (request) {
    case VIDIOC_QUERYCAP:
        memset(capability, 0, sizeof *capability);
        capability->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;
        capability->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    case VIDIOC_S_FMT: set_format(&format->fmt.pix);  /* falls through */
    case VIDIOC_G_FMT: return tell_format(&format->fmt.pix), 0;
    case VIDIOC_S_PARM: {
        struct v4l2_fract *each = &parm->parm.capture.timeperframe;
        double asked = each->numerator ? (double)each->denominator / each->numerator : 0, best = 1e9;
        for (unsigned i = 0; i < now_mode->count; i++)
            if (fabs(now_mode->rates[i] - asked) < best)
                best = fabs(now_mode->rates[i] - asked), now_rate = now_mode->rates[i];
    }  /* falls through */
    case VIDIOC_G_PARM:
        parm->parm.capture.timeperframe.numerator = 1;
        return parm->parm.capture.timeperframe.denominator = now_rate, 0;
    case VIDIOC_REQBUFS: return buffers = wanted->count, head = tail = 0, 0;
    case VIDIOC_QUERYBUF: return b->length = ROOM, b->m.offset = b->index * ROOM, 0;
    case VIDIOC_QBUF: return queued[b->index] = seconds(), order[tail++ % 32] = b->index, 0;
    case VIDIOC_DQBUF: return fd == streaming_fd ? take(fd, b) : refuse(EINVAL);
    case VIDIOC_STREAMON:
        if (full && !memcmp(full, &now_mode->fourcc, 4)) return refuse(ENOSPC);
        return started = seconds(), last = 0, streaming_fd = fd, 0;
    case VIDIOC_STREAMOFF: return streaming_fd = -1, 0;
    case VIDIOC_ENUM_FMT: case VIDIOC_ENUM_FRAMESIZES: case VIDIOC_ENUM_FRAMEINTERVALS:
        return enumerate(request, argument);
    case VIDIOC_G_CTRL: case VIDIOC_QUERYCTRL: return control(request, argument);
    }
    return refuse(ENOTTY);
}

int ioctl(int fd, unsigned long request, ...) {
    va_list list; va_start(list, request);
    void *argument = va_arg(list, void *); va_end(list);
    static int (*real)(int, unsigned long, ...);
    if (!real) real = dlsym(RTLD_NEXT, "ioctl");
    return answers_for(fd) ? answer(fd, request & 0xFFFFFFFFu, argument) : real(fd, request, argument);
}

int close(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "close");
    for (int i = 0; i < opened; i++) if (devices[i] == fd) devices[i] = -1;
    return real(fd);
}
