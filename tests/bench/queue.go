// queue.go - what queue.c measures, with Go's channels: queue go SENDERS MESSAGES.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

type message struct{ number, kind int64 }

func main() {
	senders, _ := strconv.Atoi(os.Args[2])
	messages, _ := strconv.Atoi(os.Args[3])
	c := make(chan message, 64)
	began := time.Now()
	if senders == 0 {
		for i := 0; i < messages; i++ {
			c <- message{int64(i), 1}
			<-c
		}
	}
	var all sync.WaitGroup
	for s := 0; s < senders; s++ {
		all.Add(2)
		go func() {
			for i := 0; i < messages/senders; i++ {
				c <- message{int64(i), 1}
			}
			all.Done()
		}()
		go func() {
			for i := 0; i < messages/senders; i++ {
				<-c
			}
			all.Done()
		}()
	}
	all.Wait()
	fmt.Printf("%.1f\n", float64(time.Since(began).Nanoseconds())/float64(messages))
}
