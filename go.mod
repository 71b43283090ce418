module github.com/nuanju/nuanju

go 1.26
